/**
 * Connection IDs that name their server (QUIC-LB: draft-ietf-quic-load-balancers-21).
 *
 * @module
 */

import { ecb } from "@noble/ciphers/aes.js";

/** How servers write connection IDs. */
export interface RoutableIdFormat {
  /** 1–15 bytes. */
  readonly serverIdLength: number;
  /** 4–18 bytes; with the server ID 19 at most. */
  readonly nonceLength: number;
  /** 16 bytes; null where server ID and nonce stand in plain text. */
  readonly key: Uint8Array | null;
}

/** Length at which server ID and nonce are one block of AES (§5.4.1). */
const BLOCK = 16;

/** The codepoint of {@linkcode configRotation} that says that an ID names no server (§3.1). */
export const UNROUTABLE = 7;

/** Which of the formats in use an ID has: its first three bits (§3). */
export function configRotation(id: Uint8Array): number {
  return (id[0] ?? 0) >> 5;
}

/** How long an ID of a format is: the first byte, the server ID and the nonce. */
export function routableIdLength({ serverIdLength, nonceLength }: RoutableIdFormat): number {
  return 1 + serverIdLength + nonceLength;
}

/** The server ID in a connection ID; null where that is too short. Any ID that is long enough has one of some value. */
export function readServerId(id: Uint8Array, format: RoutableIdFormat): Uint8Array | null {
  const { key, serverIdLength } = format;
  const end = routableIdLength(format);
  if (id.length < end) return null;
  const cipher = id.slice(1, end);
  return (key === null ? cipher : decrypt(cipher, key)).subarray(0, serverIdLength);
}

function decrypt(cipher: Uint8Array, key: Uint8Array): Uint8Array {
  if (cipher.length === BLOCK) return ecb(key, { disablePadding: true }).decrypt(cipher);
  return decryptFourPass(cipher, key);
}

/**
 * §5.5.2: a Feistel network of four passes, undone from the last. Of an odd length, the two halves share the byte in the
 * middle: its high bits are the left one's, its low bits the right one's.
 */
function decryptFourPass(cipher: Uint8Array, key: Uint8Array): Uint8Array {
  const { length } = cipher;
  const half = Math.ceil(length / 2);
  const left = cipher.slice(0, half);
  const right = cipher.slice(length - half);
  if (length % 2 === 1) clearMiddle(left, right);
  for (let pass = 4; pass >= 1; pass--) {
    const [from, to] = pass % 2 === 0 ? [right, left] : [left, right];
    const block = new Uint8Array(BLOCK);
    block.set(from);
    block[BLOCK - 2] = length;
    block[BLOCK - 1] = pass;
    const mask = ecb(key, { disablePadding: true }).encrypt(block);
    for (let index = 0; index < half; index++) to[index] = (to[index] ?? 0) ^ (mask[index] ?? 0);
    if (length % 2 === 1) clearMiddle(left, right);
  }
  const plain = new Uint8Array(length);
  plain.set(right, length - half);
  left.forEach((byte, index) => plain[index] = (plain[index] ?? 0) | byte);
  return plain;
}

function clearMiddle(left: Uint8Array, right: Uint8Array): void {
  const last = left.length - 1;
  left[last] = (left[last] ?? 0) & 0xf0;
  right[0] = (right[0] ?? 0) & 0x0f;
}
