/**
 * Builds DNS messages, well-formed or broken on purpose (RFC 1035 §4.1).
 *
 * @module
 */

import { latin1 } from "./client_hello_builder.ts";

/** What goes into a message. All counts but that of questions are computed. */
export interface DnsMessage {
  /** Default 1. */
  readonly id?: number;
  /** Default 0x0100: a query that asks for recursion. */
  readonly flags?: number;
  /** The number in the header. There is one question, whatever it says. */
  readonly questions?: number;
  /** Default `www.example.com`; characters are written as Latin-1, the empty string is the root. */
  readonly name?: string;
  /** Used in place of `name`. */
  readonly nameBytes?: readonly number[];
  /** Default 1, an IPv4 address. */
  readonly type?: number;
  /** Default 1, IN. */
  readonly class?: number;
  readonly answers?: readonly (readonly number[])[];
  readonly authorities?: readonly (readonly number[])[];
  readonly additional?: readonly (readonly number[])[];
}

/** An OPT record without options (RFC 6891 §6.1.2). */
export const OPT_RECORD: readonly number[] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];

/** A message without the length that it has over TCP. */
export function dnsMessage(
  {
    id = 1,
    flags = 0x0100,
    questions = 1,
    name = "www.example.com",
    nameBytes,
    type = 1,
    class: questionClass = 1,
    answers = [],
    authorities = [],
    additional = [],
  }: DnsMessage,
): Uint8Array {
  const header = [id, flags, questions, answers.length, authorities.length, additional.length];
  return Uint8Array.from([
    ...header.flatMap(u16),
    ...(nameBytes ?? dnsName(name)),
    ...u16(type),
    ...u16(questionClass),
    ...[...answers, ...authorities, ...additional].flat(),
  ]);
}

/** A name in labels, ended by that of the root. */
export function dnsName(name: string): readonly number[] {
  const labels = name === "" ? [] : name.split(".");
  return [...labels.flatMap((label) => [label.length, ...latin1(label)]), 0];
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
