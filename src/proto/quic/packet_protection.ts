/**
 * Removes the protection of Initial packets (RFC 9001 §5.3, §5.4).
 *
 * @module
 */

import { createDecipheriv } from "node:crypto";
import { ecb } from "@noble/ciphers/aes.js";
import { deriveInitialKeys, type InitialKeys, type Sender } from "./initial_keys.ts";
import type { InitialPacket } from "./header.ts";
import type { QuicVersion } from "./versions.ts";

/** The cryptography of Initial packets: all that is expensive about them. */
export interface InitialProtection {
  /** Derives the keys for the Destination Connection ID of a client's Initial. */
  deriveKeys(version: QuicVersion, dcid: Uint8Array, sender: Sender): InitialKeys;
  /** The frames of a packet, in memory of their own; null when the packet is not authentic. */
  open(keys: InitialKeys, datagram: Uint8Array, packet: InitialPacket): Uint8Array | null;
}

/** The cryptography as it is meant to be. */
export const INITIAL_PROTECTION: InitialProtection = {
  deriveKeys: deriveInitialKeys,
  open: openInitial,
};

/** Authentication tag of AES-128-GCM. */
const TAG = 16;
/** The sample for header protection begins where the packet number would end if it had its full length. */
const SAMPLE_OFFSET = 4;
const SAMPLE = 16;

/**
 * Opens a packet without changing the datagram.
 *
 * The packet number is taken as it stands, not as the low bits of a larger one: before a first acknowledgment a sender
 * encodes all of it (RFC 9000 §17.1), and no acknowledgment can have reached a client whose datagrams are still held.
 * So packets open in any order.
 */
export function openInitial(
  keys: InitialKeys,
  datagram: Uint8Array,
  { start, numberStart, end }: InitialPacket,
): Uint8Array | null {
  const sampleStart = numberStart + SAMPLE_OFFSET;
  if (sampleStart + SAMPLE > end) return null;
  const mask = headerMask(keys, datagram.subarray(sampleStart, sampleStart + SAMPLE));
  const first = byteAt(datagram, start) ^ byteAt(mask, 0) & 0x0f;
  const payloadStart = numberStart + (first & 0x03) + 1;

  const header = new Uint8Array(datagram.subarray(start, payloadStart));
  const nonce = new Uint8Array(keys.iv);
  header[0] = first;
  for (let i = numberStart; i < payloadStart; i++) {
    const number = byteAt(datagram, i) ^ byteAt(mask, 1 + i - numberStart);
    header[i - start] = number;
    const place = nonce.length - payloadStart + i;
    nonce[place] = byteAt(nonce, place) ^ number;
  }

  const decipher = createDecipheriv("aes-128-gcm", keys.key, nonce);
  decipher.setAAD(header);
  decipher.setAuthTag(datagram.subarray(end - TAG, end));
  const payload = decipher.update(datagram.subarray(payloadStart, end - TAG));
  try {
    decipher.final(); // also what releases the cipher
  } catch {
    return null;
  }
  return payload;
}

/** The mask for a sample of the ciphertext, of which the first five bytes are used (RFC 9001 §5.4.3). */
export function headerMask({ hp }: InitialKeys, sample: Uint8Array): Uint8Array {
  // For a single block, half the cost of a cipher of node:crypto. One that @noble/ciphers makes encrypts only once.
  return ecb(hp, { disablePadding: true }).encrypt(sample);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
