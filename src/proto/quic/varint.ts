/**
 * Variable-length integers (RFC 9000 §16).
 *
 * @module
 */

import type { Reader } from "../bytes.ts";

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
