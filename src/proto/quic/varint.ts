/**
 * Variable-length integers (RFC 9000 §16).
 *
 * @module
 */

import type { Reader } from "../bytes.ts";

/** Bytes that a value below 2^30 takes, in its shortest encoding. */
export function varintLength(value: number): 1 | 2 | 4 {
  if (value < 2 ** 6) return 1;
  return value < 2 ** 14 ? 2 : 4;
}

/**
 * Writes a value below 2^30 in its shortest encoding.
 *
 * @returns where the next byte belongs
 */
export function writeVarint(into: Uint8Array, start: number, value: number): number {
  const length = varintLength(value);
  for (let i = 0; i < length; i++) into[start + i] = value >>> 8 * (length - 1 - i);
  into[start] = (into[start] ?? 0) | LENGTH_BITS[length];
  return start + length;
}

const LENGTH_BITS = { 1: 0x00, 2: 0x40, 4: 0x80 } as const;

/**
 * Reads a variable-length integer; 0 on overrun. Values above 2^53 are rounded: they are above every bound that they
 * are compared with, before rounding as after it.
 */
export function readVarint(reader: Reader): number {
  const first = reader.u8();
  const high = first & 0x3f;
  switch (first >> 6) {
    case 0:
      return high;
    case 1:
      return high << 8 | reader.u8();
    case 2:
      return high << 24 | reader.u24();
    default:
      return (high << 24 | reader.u24()) * 2 ** 32 + reader.u32();
  }
}
