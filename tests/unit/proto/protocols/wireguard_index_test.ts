import assert from "node:assert/strict";
import { givenIndex, receiverIndex } from "../../../../src/proto/protocols/wireguard_index.ts";

/** A message whose bytes from the fifth on count up from 1. */
function message(type: number, size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, index) => index - 3);
  bytes.set([type, 0, 0, 0]);
  return bytes;
}

const [FIRST, SECOND] = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)];

const MESSAGES = [
  { name: "an initiation", bytes: message(1, 148), given: FIRST, receiver: null },
  { name: "a response", bytes: message(2, 92), given: FIRST, receiver: SECOND },
  { name: "a cookie reply", bytes: message(3, 64), given: null, receiver: FIRST },
  { name: "data", bytes: message(4, 32), given: null, receiver: FIRST },
  { name: "data cut to an odd MTU", bytes: message(4, 1452), given: null, receiver: FIRST },
  { name: "an initiation that is too long", bytes: message(1, 149), given: null, receiver: null },
  { name: "a response that is cut", bytes: message(2, 91), given: null, receiver: null },
  { name: "data without a tag", bytes: message(4, 31), given: null, receiver: null },
  { name: "a message of no type", bytes: message(0, 148), given: null, receiver: null },
  { name: "a message of an unknown type", bytes: message(5, 148), given: null, receiver: null },
  {
    name: "a reserved byte",
    bytes: message(4, 32).with(3, 1),
    given: null,
    receiver: null,
  },
  { name: "nothing", bytes: new Uint8Array(0), given: null, receiver: null },
];

for (const { name, bytes, given, receiver } of MESSAGES) {
  Deno.test(`givenIndex() and receiverIndex() read ${name}`, () => {
    assert.deepEqual(givenIndex(bytes), given);
    assert.deepEqual(receiverIndex(bytes), receiver);
  });
}
