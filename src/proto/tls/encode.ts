/**
 * The presentation language of TLS (RFC 8446 §3), written.
 *
 * @module
 */

import { concat } from "../bytes.ts";

/** Two bytes, big-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

/** Bytes behind their length in one byte. */
export function vector8(...parts: readonly Uint8Array[]): Uint8Array {
  const length = lengthOf(parts, 0xff);
  return concat(Uint8Array.of(length), ...parts);
}

/** Bytes behind their length in two bytes. */
export function vector16(...parts: readonly Uint8Array[]): Uint8Array {
  const length = lengthOf(parts, 0xffff);
  return concat(u16(length), ...parts);
}

/** Bytes behind their length in three bytes. */
export function vector24(...parts: readonly Uint8Array[]): Uint8Array {
  const length = lengthOf(parts, 0xffffff);
  return concat(Uint8Array.of(length >> 16, length >> 8, length), ...parts);
}

/** A handshake message: type, length, body (RFC 8446 §4). */
export function handshakeMessage(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(type), vector24(...body));
}

/** An extension: type, length, data (RFC 8446 §4.2). */
export function extension(type: number, ...data: readonly Uint8Array[]): Uint8Array {
  return concat(u16(type), vector16(...data));
}

/** What is written here comes from a configuration that was checked: a part that is too long is our own fault. */
function lengthOf(parts: readonly Uint8Array[], most: number): number {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > most) throw new RangeError(`${length} bytes in a vector of at most ${most}`);
  return length;
}
