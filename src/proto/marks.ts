/**
 * Marks: bytes by which a protocol is known, always the same ones at the same place.
 *
 * @module
 */

import { NEED_MORE, NO_MATCH } from "../model/verdict.ts";

/** The bytes of a mark that is ASCII text. */
export function asciiMark(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Where the mark that has to begin at `start` ends. It is no match at the first byte that differs. */
export function findMarkEnd(
  head: Uint8Array,
  start: number,
  mark: Uint8Array,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = 0; i < mark.length; i++) {
    const byte = head[start + i];
    if (byte === undefined) return NEED_MORE;
    if (byte !== mark[i]) return NO_MATCH;
  }
  return start + mark.length;
}

/** Whether a byte has a value, or has not come yet. */
export function mayHave(head: Uint8Array, at: number, value: number): boolean {
  const byte = head[at];
  return byte === undefined || byte === value;
}
