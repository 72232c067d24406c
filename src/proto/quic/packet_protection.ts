/**
 * Removes the protection of Initial packets, and puts it on (RFC 9001 §5.3, §5.4).
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { ecb } from "@noble/ciphers/aes.js";
import { deriveInitialKeys, type InitialKeys, type Sender } from "./initial_keys.ts";
import type { InitialPacket } from "./header.ts";
import type { QuicVersion } from "./versions.ts";

/** A packet without its protection, in memory of its own. */
export interface OpenInitial {
  /** From the first byte to the last of the packet number. */
  readonly header: Uint8Array;
  readonly packetNumber: number;
  /** The frames; empty in a packet that breaks the rules. */
  readonly payload: Uint8Array;
}

/** The cryptography of Initial packets: all that is expensive about them. */
export interface InitialProtection {
  /** Derives the keys for the Destination Connection ID of a client's Initial. */
  deriveKeys(version: QuicVersion, dcid: Uint8Array, sender: Sender): InitialKeys;
  /** Null when the packet is not authentic. For `largestNumber` see {@linkcode openInitial}. */
  open(
    keys: InitialKeys,
    datagram: Uint8Array,
    packet: InitialPacket,
    largestNumber?: number,
  ): OpenInitial | null;
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
 * @param largestNumber the largest packet number of the sender so far. Left out, the number is taken as it stands, so that
 *   packets open in any order: before a first acknowledgment a sender encodes all of it (RFC 9000 §17.1), and none can
 *   have reached a client whose datagrams are still held.
 */
export function openInitial(
  keys: InitialKeys,
  datagram: Uint8Array,
  { start, numberStart, end }: InitialPacket,
  largestNumber = -1,
): OpenInitial | null {
  const sampleStart = numberStart + SAMPLE_OFFSET;
  if (sampleStart + SAMPLE > end) return null;
  const mask = headerMask(keys, datagram.subarray(sampleStart, sampleStart + SAMPLE));
  const first = byteAt(datagram, start) ^ byteAt(mask, 0) & 0x0f;
  const payloadStart = numberStart + numberLength(first);

  const header = new Uint8Array(datagram.subarray(start, payloadStart));
  header[0] = first;
  let low = 0;
  for (let i = numberStart; i < payloadStart; i++) {
    const byte = byteAt(datagram, i) ^ byteAt(mask, 1 + i - numberStart);
    header[i - start] = byte;
    low = low * 256 + byte;
  }
  const packetNumber = decodePacketNumber(low, numberLength(first), largestNumber);

  const decipher = createDecipheriv("aes-128-gcm", keys.key, nonceOf(keys, packetNumber));
  decipher.setAAD(header);
  decipher.setAuthTag(datagram.subarray(end - TAG, end));
  const payload = decipher.update(datagram.subarray(payloadStart, end - TAG));
  try {
    decipher.final(); // also what releases the cipher
  } catch {
    return null;
  }
  return { header, packetNumber, payload: plain(payload) };
}

/** Protects a packet; what {@linkcode openInitial} gives becomes the same bytes again. The payload takes 4 bytes at least. */
export function sealInitial(
  keys: InitialKeys,
  { header, packetNumber, payload }: OpenInitial,
): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv("aes-128-gcm", keys.key, nonceOf(keys, packetNumber));
  cipher.setAAD(header);
  const packet = new Uint8Array(header.length + payload.length + TAG);
  packet.set(header);
  packet.set(cipher.update(payload), header.length);
  cipher.final();
  packet.set(cipher.getAuthTag(), header.length + payload.length);

  const first = byteAt(header, 0);
  const numberStart = header.length - numberLength(first);
  const sampleStart = numberStart + SAMPLE_OFFSET;
  const mask = headerMask(keys, packet.subarray(sampleStart, sampleStart + SAMPLE));
  packet[0] = first ^ byteAt(mask, 0) & 0x0f;
  for (let i = numberStart; i < header.length; i++) {
    packet[i] = byteAt(packet, i) ^ byteAt(mask, 1 + i - numberStart);
  }
  return packet;
}

/**
 * The packet number whose last bytes are `low`: the one closest to that which is expected next (RFC 9000 §A.3).
 *
 * @param length how many bytes there are of it, 1 to 4
 * @param largest the largest so far; -1 before the first
 */
export function decodePacketNumber(low: number, length: number, largest: number): number {
  const window = 2 ** (8 * length);
  const expected = largest + 1;
  const candidate = expected - expected % window + low;
  if (candidate <= expected - window / 2 && candidate < MAX_PACKET_NUMBER - window) {
    return candidate + window;
  }
  return candidate > expected + window / 2 && candidate >= window ? candidate - window : candidate;
}

/** That of integers here. RFC 9000 §12.3 allows up to 2^62, but no handshake comes near either. */
const MAX_PACKET_NUMBER = Number.MAX_SAFE_INTEGER;

/** The mask for a sample of the ciphertext, of which the first five bytes are used (RFC 9001 §5.4.3). */
export function headerMask({ hp }: InitialKeys, sample: Uint8Array): Uint8Array {
  // For a single block, half the cost of a cipher of node:crypto. One that @noble/ciphers makes encrypts only once.
  return ecb(hp, { disablePadding: true }).encrypt(sample);
}

/** Length of the packet number, by the first byte without its protection (RFC 9000 §17.2). */
function numberLength(first: number): number {
  return (first & 0x03) + 1;
}

/** RFC 9001 §5.3. */
function nonceOf({ iv }: InitialKeys, packetNumber: number): Uint8Array {
  const nonce = new Uint8Array(iv);
  let rest = packetNumber;
  for (let i = nonce.length - 1; rest > 0; i--) {
    nonce[i] = byteAt(nonce, i) ^ rest % 256;
    rest = Math.floor(rest / 256);
  }
  return nonce;
}

/** The same bytes, but no `Buffer`, whose `slice` does not copy. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
