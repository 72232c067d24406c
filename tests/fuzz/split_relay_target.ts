/**
 * What a client-facing server does with handshakes whose ECH it has opened.
 *
 * @module
 */

import assert from "node:assert/strict";
import { concat, toRecords } from "../support/client_hello_builder.ts";
import {
  CCS,
  client,
  cut,
  EARLY_DATA,
  FIRST_RECORDS,
  type Heard,
  passThrough,
  RETRY_REQUEST,
  type Said,
  SECOND,
  SERVER_HELLO,
  splitRelay,
  target,
} from "../support/split_handshake.ts";
import { mutate } from "./mutate.ts";
import type { FuzzInput, FuzzTarget } from "./target.ts";

const NOTHING = new Uint8Array(0);

/** Whole handshakes: what the client says behind its hello, the target, and so on in turn. */
const HANDSHAKES: readonly FuzzInput[] = [
  [EARLY_DATA, SERVER_HELLO, concat(CCS, EARLY_DATA)],
  [NOTHING, RETRY_REQUEST, concat(CCS, toRecords(SECOND.outer, [16384], 0x0303)), SERVER_HELLO],
  [EARLY_DATA, concat(RETRY_REQUEST, CCS), toRecords(SECOND.outer, [90], 0x0303), SERVER_HELLO],
  [CCS, RETRY_REQUEST, concat(EARLY_DATA, toRecords(SECOND.outer, [7, 16384])), NOTHING],
];

/** A client whose first hello is opened, and a target. Parts are what they say in turn, the client first. */
export const SPLIT_RELAY_TARGET: FuzzTarget = {
  name: "ech_split_relay",
  generate: (random) => {
    const handshake = random.pick(HANDSHAKES);
    if (random.oneIn(4)) return handshake;
    const donors = HANDSHAKES.flat();
    return handshake.map((part) => random.oneIn(2) ? part : mutate(random, part, donors));
  },
  check: (input, random) => {
    const script = input.map((bytes, index) => index % 2 === 0 ? client(bytes) : target(bytes));
    const whole = pass(script);
    const sizes = random.oneIn(4) ? [1] : random.list(1, 9, () => random.between(1, 400));
    assertSame(pass(cut(script, sizes)), whole);
    return whole.next === "raw" ? "match" : whole.next === "filter" ? "needMore" : "malformed";
  },
};

function pass(script: readonly Said[]): Heard {
  return passThrough(splitRelay(), [client(FIRST_RECORDS), ...script]);
}

/** Bytes that go with a fault may or may not be passed on before: nobody needs them any more. */
function assertSame(cutUp: Heard, whole: Heard): void {
  assert.deepEqual(cutUp.next, whole.next, "the same end");
  if (typeof whole.next !== "object") {
    assert.equal(cutUp.toTarget.toHex(), whole.toTarget.toHex(), "the same bytes for the target");
  }
  assert.equal(cutUp.toClient.toHex(), whole.toClient.toHex(), "the same bytes for the client");
}
