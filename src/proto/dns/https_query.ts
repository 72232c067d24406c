/**
 * Queries for HTTPS records and the responses to them (RFC 1035 §4.1, RFC 9460).
 *
 * `dns-packet` on npm, the usual choice, has no SVCB and HTTPS records: what is difficult would have to be added to it.
 *
 * @module
 */

import { Reader } from "../bytes.ts";
import { HEADER_LENGTH } from "./message.ts";
import { encodeDnsName, readDnsName } from "./name.ts";
import { parseServiceBinding, type ServiceBinding } from "./service_binding.ts";

/** What is asked for: the HTTPS record of a name. */
export interface HttpsQuery {
  /** 0–65535. */
  readonly id: number;
  /** Canonical name of a host. */
  readonly name: string;
}

/** A record of the answer that leads to the service; `ttl` in seconds. */
export type HttpsAnswer =
  | {
    readonly kind: "https";
    readonly owner: string;
    readonly ttl: number;
    /** Null for a malformed record. */
    readonly binding: ServiceBinding | null;
  }
  | {
    readonly kind: "cname";
    readonly owner: string;
    readonly ttl: number;
    readonly target: string;
  };

/** What a name server says. */
export interface HttpsResponse {
  /** Whether there is more than fitted the datagram: `answers` is then not to be relied on. */
  readonly isTruncated: boolean;
  /** Whether the server knows by itself, so that times to live are whole. */
  readonly isAuthoritative: boolean;
  /** RFC 1035 §4.1.1: 0 for an answer, 3 for no such name. */
  readonly rcode: number;
  /** Without records of other types. */
  readonly answers: readonly HttpsAnswer[];
}

const TYPE_CNAME = 5;
const TYPE_OPT = 41;
const TYPE_HTTPS = 65;
const CLASS_IN = 1;

/** Flags of a header: a response, of kind of query, authoritative, truncated, recursion desired. */
const QR = 0x8000;
const OPCODE = 0x7800;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const RCODE = 0x000f;

/** Datagrams of this size are not fragmented on any usual path (RFC 9715). */
const MAX_RESPONSE = 1232;

/** From this on a time to live is to be read as zero (RFC 2181 §8). */
const TTL_SIGN = 0x8000_0000;

/** Writes a query that asks for recursion, and takes responses of {@linkcode MAX_RESPONSE} bytes (RFC 6891 §6.1.2). */
export function encodeHttpsQuery({ id, name }: HttpsQuery): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[id, RD, 1, 0, 0, 1].flatMap(u16),
    ...encodeDnsName(name),
    ...[TYPE_HTTPS, CLASS_IN].flatMap(u16),
    ...[0, ...[TYPE_OPT, MAX_RESPONSE, 0, 0, 0].flatMap(u16)],
  ]);
}

/** Reads a response; null for what is none, or none to this query. */
export function decodeHttpsResponse(message: Uint8Array, query: HttpsQuery): HttpsResponse | null {
  const header = new Reader(message, 0, HEADER_LENGTH);
  const id = header.u16();
  const flags = header.u16();
  const questions = header.u16();
  const answers = header.u16();
  if (id !== query.id || (flags & (QR | OPCODE)) !== QR || questions !== 1) return null;
  const end = readQuestion(message, query.name);
  if (end === null) return null;
  const isTruncated = (flags & TC) !== 0;
  const records = isTruncated ? [] : readAnswers(message, end, answers);
  if (records === null) return null;
  return {
    isTruncated,
    isAuthoritative: (flags & AA) !== 0,
    rcode: flags & RCODE,
    answers: records,
  };
}

/** Where the question ends, if it is ours. */
function readQuestion(message: Uint8Array, name: string): number | null {
  const asked = readDnsName(message, HEADER_LENGTH, { mayPoint: false });
  if (asked?.name !== name) return null;
  const reader = new Reader(message, asked.end);
  const isOurs = reader.u16() === TYPE_HTTPS && reader.u16() === CLASS_IN;
  return isOurs ? reader.offset : null;
}

function readAnswers(message: Uint8Array, start: number, count: number): HttpsAnswer[] | null {
  const answers: HttpsAnswer[] = [];
  let position = start;
  for (let left = count; left > 0; left--) {
    const owner = readDnsName(message, position, { mayPoint: true });
    if (owner === null) return null;
    const reader = new Reader(message, owner.end);
    const type = reader.u16();
    const isInternet = reader.u16() === CLASS_IN;
    const sent = reader.u32();
    const length = reader.u16();
    const offset = reader.offset;
    const data = reader.take(length);
    if (reader.overrun) return null;
    position = reader.offset;
    if (!isInternet) continue;
    const head = { owner: owner.name, ttl: sent < TTL_SIGN ? sent : 0 };
    if (type === TYPE_HTTPS) {
      answers.push({ kind: "https", ...head, binding: parseServiceBinding(data) });
    } else if (type === TYPE_CNAME) {
      const target = readDnsName(message, offset, { mayPoint: true });
      if (target?.end !== position) return null;
      answers.push({ kind: "cname", ...head, target: target.name });
    }
  }
  return answers;
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
