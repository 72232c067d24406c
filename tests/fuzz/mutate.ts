/**
 * Changes to bytes that a parser is likely to get wrong: at lengths, at edges, among pieces of the same format.
 *
 * @module
 */

import { concat, latin1, u16 } from "../support/client_hello_builder.ts";
import type { Random } from "./random.ts";

/** Longest input that mutations may grow to: a little above the longest bound of the line protocols. */
const MAX_LENGTH = 20_000;

const EDGES = [
  0,
  1,
  2,
  3,
  5,
  0x0a,
  0x0d,
  0x16,
  0x20,
  0x2f,
  0x3f,
  0x40,
  0x7f,
  0x80,
  0xc0,
  0xfe,
  0xff,
];

const TOKENS: readonly Uint8Array[] = [
  ..."\r\n|\n|\r| |\t|/|HTTP/1.1|HTTP/|PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n|GET |SSH-2.0-|PROXY |PROXY TCP4 |UNKNOWN|::|0"
    .split("|").map(latin1),
  Uint8Array.of(0x16, 3, 1, 0, 0),
  Uint8Array.of(0x16, 3, 3, 0, 1, 1),
  Uint8Array.of(0x15, 3, 1, 0, 2, 2, 40),
  Uint8Array.of(0, 0, 0, 0),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
];

/** A copy with up to four changes. `others` are inputs of the same format, to take pieces from. */
export function mutate(
  random: Random,
  bytes: Uint8Array,
  others: readonly Uint8Array[],
): Uint8Array {
  let changed = bytes;
  for (let count = random.between(1, 4); count > 0; count--) {
    changed = random.pick(CHANGES)(random, changed, others).slice(0, MAX_LENGTH);
  }
  return changed;
}

type Change = (
  random: Random,
  bytes: Uint8Array,
  others: readonly Uint8Array[],
) => Uint8Array;

const CHANGES: readonly Change[] = [
  (random, bytes) => overwrite(bytes, somewhere(random, bytes), Uint8Array.of(random.u32())),
  (random, bytes) => overwrite(bytes, somewhere(random, bytes), Uint8Array.of(random.pick(EDGES))),
  function step(random, bytes) {
    const at = somewhere(random, bytes);
    return overwrite(bytes, at, Uint8Array.of((bytes[at] ?? 0) + random.between(-2, 2)));
  },
  function length(random, bytes) {
    const at = somewhere(random, bytes);
    const left = bytes.length - at - 2;
    const lengths = [0, 1, left - 1, left, left + 1, 0x3fff, 0x4000, 0x4001, 0xffff];
    return overwrite(bytes, at, u16(random.pick(lengths)));
  },
  (random, bytes) => insert(bytes, somewhere(random, bytes), random.pick(TOKENS)),
  (random, bytes) => insert(bytes, somewhere(random, bytes), random.bytes(random.between(1, 20))),
  (random, bytes) => bytes.slice(0, somewhere(random, bytes)),
  function remove(random, bytes) {
    const start = somewhere(random, bytes);
    return concat(bytes.subarray(0, start), bytes.subarray(start + random.between(1, 40)));
  },
  (random, bytes) => insert(bytes, somewhere(random, bytes), piece(random, bytes)),
  function splice(random, bytes, others) {
    const at = somewhere(random, bytes);
    const other = others.length === 0 ? bytes : random.pick(others);
    return concat(bytes.subarray(0, at), other.subarray(somewhere(random, other)));
  },
];

/** More often near the start, where most of the structure is. */
function somewhere(random: Random, { length }: Uint8Array): number {
  return random.below(random.oneIn(2) ? Math.min(length, 64) : length + 1);
}

function piece(random: Random, bytes: Uint8Array): Uint8Array {
  const start = somewhere(random, bytes);
  return bytes.subarray(start, start + random.between(1, 200));
}

function overwrite(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (const [i, byte] of part.entries()) if (at + i < changed.length) changed[at + i] = byte;
  return changed;
}

function insert(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, at), part, bytes.subarray(at));
}
