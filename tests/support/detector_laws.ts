/**
 * The laws that every incremental parser keeps, and random input to hold it to them.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Verdict } from "../../src/model/verdict.ts";
import { inChunks } from "./chunks.ts";
import { concat } from "./client_hello_builder.ts";

/** Sizes of chunks for {@linkcode inChunks}. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 })),
  { minLength: 1, maxLength: 20 },
);

/** Where and by what to change bytes: positions as fractions of the length. */
export const mutations: fc.Arbitrary<{ at: number; flip: number }[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    flip: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** A copy with some bytes flipped. */
export function mutate(
  bytes: Uint8Array,
  changes: readonly { readonly at: number; readonly flip: number }[],
): Uint8Array {
  const changed = bytes.slice();
  for (const { at, flip } of changes) {
    const i = Math.floor(at * changed.length);
    changed[i] = (changed[i] ?? 0) ^ flip;
  }
  return changed;
}

/**
 * Holds a parser to the laws on one input. Each parse that starts anew gets a parser of its own.
 *
 * @param parser makes a parser as a new connection gets it
 * @param consumedBy how many bytes a match rests on
 */
export function assertLaws<T>(
  parser: () => (head: Uint8Array) => Verdict<T>,
  consumedBy: (value: T) => number,
  bytes: Uint8Array,
  sizes: readonly number[],
): void {
  const whole = parser()(bytes.slice());
  assert.deepEqual(inChunks(parser(), bytes, sizes), whole, "any chunking gives the same verdict");
  assert.deepEqual(inChunks(parser(), bytes, [1]), whole, "so do single bytes");

  const surrounded = concat(bytes, new Uint8Array(64).fill(0x41));
  assert.deepEqual(parser()(surrounded.subarray(0, bytes.length)), whole, "nothing is over-read");

  const repeated = parser();
  repeated(bytes);
  assert.deepEqual(repeated(bytes), whole, "asking again changes nothing");

  if (whole.kind === "needMore") return;
  assert.deepEqual(parser()(surrounded), whole, "more bytes change nothing");
  if (whole.kind !== "match") return;
  const consumed = consumedBy(whole.value);
  assert(consumed <= bytes.length);
  assert.deepEqual(parser()(bytes.slice(0, consumed)), whole, "what is consumed is enough");
  const less = parser()(bytes.slice(0, consumed - 1));
  assert.equal(less.kind, "needMore", "and all of it is needed");
}

/**
 * Holds a detector of datagrams to the laws on one flow.
 *
 * @param detector makes a detector as a new flow gets it
 * @param bound datagrams at which it needs no more at the latest
 */
export function assertDatagramLaws<T extends { readonly consumed: number }>(
  detector: () => (held: readonly Uint8Array[]) => Verdict<T>,
  bound: number,
  held: readonly Uint8Array[],
): void {
  const whole = detector()(held);
  const inTurn = detector();
  let verdict = inTurn([]);
  for (let count = 1; count <= held.length && verdict.kind === "needMore"; count++) {
    // Copies that are spoilt afterwards: nothing may be kept of what is only lent during the call.
    const lent = held.slice(0, count).map((datagram) => datagram.slice());
    verdict = inTurn(lent);
    for (const datagram of lent) datagram.fill(0xff);
  }
  assert.deepEqual(verdict, whole, "datagrams one by one give the same verdict");
  if (held.length >= bound) assert.notEqual(whole.kind, "needMore", "the need for more ends");
  if (whole.kind === "needMore") return;
  assert.deepEqual(detector()([...held, new Uint8Array(40)]), whole, "more change nothing");
  if (whole.kind !== "match") return;
  const { consumed } = whole.value;
  assert.deepEqual(detector()(held.slice(0, consumed)), whole, "what is consumed is enough");
  assert.equal(detector()(held.slice(0, consumed - 1)).kind, "needMore", "and all is needed");
}
