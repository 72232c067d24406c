/**
 * Handshakes through a filter, for tests of split mode: what the two sides send, in which order, and what comes out.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { FilterOutput, FlowOutcome, StreamFilter } from "../../src/model/flow.ts";
import type { EchKey } from "../../src/model/ech.ts";
import { openClientHello } from "../../src/proto/ech/open.ts";
import { SplitRelay } from "../../src/proto/ech/split_relay.ts";
import { concat, toRecords, u16, vector16 } from "./client_hello_builder.ts";
import { EchClient, echKey, echSettings, type SealedHello } from "./ech_client.ts";
import { helloOf } from "./parsed_hello.ts";

/** The key that hellos are sealed for: of `public.example`, with config_id 7. */
export const HANDSHAKE_KEY: EchKey = echKey();
const SETTINGS = echSettings({ keys: [HANDSHAKE_KEY] });
const CLIENT = EchClient.seeded(HANDSHAKE_KEY);

/** The first hello of a client, and its second. Sealed once: they are the same in every handshake. */
export const FIRST: SealedHello = CLIENT.hello({ compressed: [43, 51] });
/** See {@linkcode FIRST}. */
export const SECOND: SealedHello = CLIENT.hello({ compressed: [43, 51], isSecond: true });
/** The first outer hello as the records that {@linkcode splitRelay} is made for. */
export const FIRST_RECORDS = toRecords(FIRST.outer);

/** A change_cipher_spec record. */
export const CCS = record(20, Uint8Array.of(1));
/** A record that looks like early data. */
export const EARLY_DATA = record(23, new Uint8Array(700).fill(0xee));
/** A ServerHello that is none of the below; behind it the rest of a flight. */
export const SERVER_HELLO = concat(
  record(22, serverHello(new Uint8Array(32).fill(0x5e))),
  CCS,
  record(23, new Uint8Array(900).fill(0xab)),
);
/** A HelloRetryRequest. */
export const RETRY_REQUEST = record(
  22,
  serverHello(
    Uint8Array.fromHex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"),
  ),
);

/** A filter for a client whose first hello came as {@linkcode FIRST_RECORDS}. */
export function splitRelay(outerLength: number = FIRST_RECORDS.length): SplitRelay {
  const opening = openClientHello(FIRST.outer, helloOf(FIRST.outer), SETTINGS);
  assert.ok(opening.kind === "accepted");
  const { inner, context } = opening;
  return new SplitRelay({ inner, outerLength, context });
}

/** What one side does: sends something, or ends its direction. */
export interface Said {
  readonly from: "client" | "target";
  /** Null: it ends. */
  readonly bytes: Uint8Array | null;
}

/** What came out of a filter, and of the raw relay behind it. */
export interface Heard {
  readonly toClient: Uint8Array;
  readonly toTarget: Uint8Array;
  /** Where it has come to in the end. */
  readonly next: "filter" | "raw" | FlowOutcome;
  /** How many bytes of each side it was shown. */
  readonly seen: { readonly client: number; readonly target: number };
}

/** Sends through a filter what two sides say, and past it once it has stepped out. Views are void after each call. */
export function passThrough(filter: StreamFilter, script: readonly Said[]): Heard {
  const toClient: Uint8Array[] = [];
  const toTarget: Uint8Array[] = [];
  const seen = { client: 0, target: 0 };
  let next: FilterOutput["next"] = "filter";
  for (const { from, bytes } of script) {
    if (typeof next === "object") break;
    if (next === "raw") {
      if (bytes !== null) (from === "client" ? toTarget : toClient).push(bytes);
      continue;
    }
    const given = bytes?.slice() ?? null;
    const output = given === null ? ended(filter, from) : said(filter, from, given);
    if (output.toClient !== null) toClient.push(output.toClient.slice());
    if (output.toTarget !== null) toTarget.push(output.toTarget.slice());
    if (bytes !== null) assert.deepEqual(given, bytes, "the filter changed what it was given");
    given?.fill(0x99);
    seen[from] += bytes?.length ?? 0;
    next = output.next;
  }
  return { toClient: concat(...toClient), toTarget: concat(...toTarget), next, seen };
}

/** The same script, cut into pieces of these sizes in turn, the last one repeated. */
export function cut(script: readonly Said[], sizes: readonly number[]): Said[] {
  const pieces: Said[] = [];
  for (const { from, bytes } of script) {
    if (bytes === null) {
      pieces.push({ from, bytes });
      continue;
    }
    let start = 0;
    for (let index = 0; start < bytes.length; index++) {
      const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? 1);
      pieces.push({ from, bytes: bytes.subarray(start, start + size) });
      start += size;
    }
  }
  return pieces;
}

/** A client says something. */
export function client(...parts: readonly Uint8Array[]): Said {
  return { from: "client", bytes: concat(...parts) };
}

/** A target says something. */
export function target(...parts: readonly Uint8Array[]): Said {
  return { from: "target", bytes: concat(...parts) };
}

/** A record. */
export function record(type: number, payload: Uint8Array, version = 0x0303): Uint8Array {
  return concat(Uint8Array.of(type), u16(version), vector16(payload));
}

/** A ServerHello as handshake message. */
function serverHello(random: Uint8Array): Uint8Array {
  const body = concat(
    u16(0x0303),
    random,
    Uint8Array.of(0, 0x13, 0x01, 0),
    vector16(Uint8Array.of(0, 43, 0, 2, 3, 4)),
  );
  return concat(Uint8Array.of(2, 0, 0, body.length), body);
}

function said(filter: StreamFilter, from: Said["from"], bytes: Uint8Array): FilterOutput {
  return from === "client" ? filter.fromClient(bytes) : filter.fromTarget(bytes);
}

function ended(filter: StreamFilter, from: Said["from"]): FilterOutput {
  return from === "client" ? filter.clientEnded() : filter.targetEnded();
}
