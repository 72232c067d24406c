/**
 * The start line of a request in HTTP and the protocols that took over its grammar: a method, a target and a version
 * (RFC 9112 §2.1, RFC 7826 §4, RFC 3261 §7.1).
 *
 * @module
 */

import { NEED_MORE, NO_MATCH } from "../model/verdict.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Bytes of empty lines tolerated before the start line (RFC 9112 §2.2: at least one line). */
export const MAX_LEADING_EMPTY = 8;

/** Longest method: none registered or seen in the wild comes near. */
const MAX_METHOD = 32;

const TOKEN_BYTES = new Uint8Array(256);
for (const byte of new TextEncoder().encode("!#$%&'*+-.^_`|~")) TOKEN_BYTES[byte] = 1;
for (let byte = 0x30; byte < DELETE; byte++) {
  if (/[0-9A-Za-z]/.test(String.fromCharCode(byte))) TOKEN_BYTES[byte] = 1;
}

/** Whether a byte may stand in a method or the name of a header field (RFC 9110 §5.6.2). */
export function isTokenByte(byte: number): boolean {
  return TOKEN_BYTES[byte] === 1;
}

/** Where the start line begins behind empty lines. Too many of them, or a CR without its LF, are no match. */
export function skipEmptyLines(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  let start = 0;
  while (head[start] === CR || head[start] === LF) {
    if (head[start] === CR) {
      if (start + 1 === head.length) return NEED_MORE;
      if (head[start + 1] !== LF) return NO_MATCH;
      start++;
    }
    start++;
    if (start > MAX_LEADING_EMPTY) return NO_MATCH;
  }
  return start;
}

/** Where the space behind a method is. A protocol may have fewer bytes in its methods than HTTP has. */
export function findMethodEnd(
  head: Uint8Array,
  start: number,
  isMethodByte: (byte: number) => boolean = isTokenByte,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = start; i <= start + MAX_METHOD; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === SPACE && i > start) return i;
    if (!isMethodByte(byte)) return NO_MATCH;
  }
  return NO_MATCH;
}

/** How a line ends. */
export interface LineEnd {
  /** `line`: by a line end. `broken`: by a byte that no line has. `tooLong`: not within its bound. */
  readonly kind: "line" | "broken" | "tooLong";
  /** Behind the last byte of the line itself. */
  readonly end: number;
  /** Behind all that was looked at: the line end, or the byte that breaks the line. */
  readonly next: number;
}

/** Finds the end of one line in a head that grows: no byte is looked at twice. */
export class LineScan {
  #seen: number;

  /** @param start where the line begins, or anything within it */
  constructor(start: number) {
    this.#seen = start;
  }

  /** @param bound the line must end before it or at it */
  find(head: Uint8Array, bound: number): LineEnd | typeof NEED_MORE {
    let end = this.#seen;
    while (end < bound && isLineByte(head[end])) end++;
    this.#seen = end;
    if (end === bound) return { kind: "tooLong", end, next: end };
    switch (head[end]) {
      case undefined:
        return NEED_MORE;
      case LF:
        return { kind: "line", end, next: end + 1 };
      case CR:
        if (end + 1 === head.length) return NEED_MORE;
        return { kind: head[end + 1] === LF ? "line" : "broken", end, next: end + 2 };
      default:
        return { kind: "broken", end, next: end + 1 };
    }
  }
}

/** Whether a byte may stand within the line: no control character but a tab. Raw UTF-8 in targets is common. */
function isLineByte(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= SPACE ? byte !== DELETE : byte === HTAB);
}
