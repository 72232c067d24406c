/**
 * Builds the first flight of an HTTP/2 client.
 *
 * @module
 */

import { concat, latin1 } from "./client_hello_builder.ts";

/** What an HTTP/2 connection begins with. */
export const H2_PREFACE = latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  settings: 4,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of HEADERS and CONTINUATION. */
export const END_HEADERS = 4;

/** A frame. */
export function h2Frame(type: number, flags: number, stream: number, payload: Uint8Array) {
  const { length } = payload;
  return concat(
    Uint8Array.of(length >> 16, length >> 8, length, type, flags),
    Uint8Array.of(stream >> 24, stream >> 16, stream >> 8, stream),
    payload,
  );
}

/** A header block of literal fields, names and values in full. */
export function literalBlock(...fields: readonly (readonly [name: string, value: string])[]) {
  return concat(...fields.flatMap(([name, value]) => [
    Uint8Array.of(0),
    hpackString(name),
    hpackString(value),
  ]));
}

/** Preface, empty SETTINGS and these frames. */
export function h2Flight(...frames: readonly Uint8Array[]): Uint8Array {
  return concat(H2_PREFACE, h2Frame(FRAME.settings, 0, 0, new Uint8Array(0)), ...frames);
}

/** HEADERS that is the whole header. */
export function headersFrame(block: Uint8Array): Uint8Array {
  return h2Frame(FRAME.headers, END_HEADERS | 1, 1, block);
}

function hpackString(text: string): Uint8Array {
  return concat(hpackInteger(text.length, 7), latin1(text));
}

/** RFC 7541 §5.1. */
function hpackInteger(value: number, prefixBits: number): Uint8Array {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Uint8Array.of(value);
  const bytes = [mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>= 7) bytes.push(rest & 0x7f | 0x80);
  return Uint8Array.of(...bytes, rest);
}
