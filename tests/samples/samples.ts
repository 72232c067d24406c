/**
 * What a protocol's tests have in common: first flights of its clients, and a way to make many more.
 *
 * @module
 */

import type { Detected, MatchFields, Protocol, Transport } from "../../src/model/protocol.ts";
import type { Random } from "../fuzz/random.ts";

/** The first flight of one client. */
export interface Flight {
  /** Which client, or what is special. */
  readonly name: string;
  /** The bytes of a TCP connection as one part, or the datagrams of a UDP flow. */
  readonly parts: readonly Uint8Array[];
  /** What must be told of it, beside the protocol; what is left out need not be told in one way. */
  readonly expected?: Partial<Omit<Detected, "protocol" | "fields">>;
  /** All fields that are told when all of them are wanted; empty by default. */
  readonly fields?: MatchFields;
}

/** Samples of one protocol over one transport. All shared tests, fuzzing and benchmarks run over them. */
export interface ProtocolSamples {
  readonly protocol: Protocol;
  readonly transport: Transport;
  /** At least one of each kind that the protocol's page names. */
  readonly flights: readonly Flight[];
  /** Flights that are of nothing known, but begin like one of these. None of the detectors may take them. */
  readonly lookalikes?: readonly Flight[];
  /** What rules name for a field that can only be tried: public keys, patterns. */
  readonly values?: readonly string[];
  /** Makes a flight that is valid, or valid but for its values: odd lengths, edges, unknown codes. */
  readonly generate: (random: Random) => readonly Uint8Array[];
}

/** A flight as a file under `tests/corpus/` has it: captured from a real program. */
export interface CapturedFlight {
  readonly name: string;
  /** The program with its version and arguments. */
  readonly program: string;
  /** The bytes, or each of the datagrams, in hexadecimal. */
  readonly hex: string | readonly string[];
  readonly expected?: Flight["expected"];
  readonly fields?: MatchFields;
}

/** Flights of a corpus file. */
export function captured(flights: readonly CapturedFlight[]): Flight[] {
  return flights.map(({ name, hex, expected, fields }) => ({
    name,
    parts: [hex].flat().map((part) => Uint8Array.fromHex(part)),
    ...(expected !== undefined && { expected }),
    ...(fields !== undefined && { fields }),
  }));
}
