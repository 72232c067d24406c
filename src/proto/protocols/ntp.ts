/**
 * NTP: packets of versions 1 to 4 (RFC 5905 §7.3), and control messages (RFC 9327 §2), over UDP.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";

const HEADER_LENGTH = 48;
const CONTROL_HEADER_LENGTH = 12;

const VERSIONS = ["NTPv1", "NTPv2", "NTPv3", "NTPv4"] as const;

/** From symmetric active to broadcast; 0 is reserved, 7 for private use. */
const SYMMETRIC_ACTIVE = 1;
const BROADCAST = 5;
const CONTROL = 6;

/** 16 is unsynchronised, all above is reserved (RFC 5905 §7.3). */
const MAX_STRATUM = 16;

/** Longest and shortest polling interval that servers can be configured for, as powers of two in seconds. */
const MAX_POLL = 24;
const MIN_POLL = -7;

/** Precision is that of a clock, from picoseconds to a second; chrony sends 32 to say nothing of its own. */
const MAX_PRECISION = 32;
const MIN_PRECISION = -40;

/** What may follow the header or the extensions: a key ID alone (crypto-NAK) or with a digest of 8 to 64 bytes. */
const MAC_LENGTHS: readonly number[] = [4, 12, 20, 24, 36, 52, 68, 72];

/** Shortest extension (RFC 7822 §7.5). */
const MIN_EXTENSION = 16;

/** NTP. */
export const NTP: UdpProtocolSpec = {
  name: "ntp",
  certainty: "weak",
  bound: 1,
  fields: [],
  versions: VERSIONS,
  prepare: () => () => detectNtp,
};

/** Recognises a datagram by its length, and by values that a clock can have. */
export function detectNtp(held: readonly Uint8Array[]): Verdict<Detected> {
  const datagram = held[0];
  if (datagram === undefined) return NEED_MORE;
  const first = datagram[0] ?? 0;
  const version = VERSIONS[(first >> 3 & 7) - 1];
  if (version === undefined) return NO_MATCH;
  const mode = first & 7;
  const fits = mode === CONTROL ? isControlRequest(datagram) : isTimePacket(datagram, mode);
  return fits ? plainMatch("ntp", version, 1) : NO_MATCH;
}

function isTimePacket(datagram: Uint8Array, mode: number): boolean {
  if (datagram.length < HEADER_LENGTH || mode < SYMMETRIC_ACTIVE || mode > BROADCAST) return false;
  return (datagram[1] ?? 0) <= MAX_STRATUM &&
    isWithin(datagram[2], MIN_POLL, MAX_POLL) &&
    isWithin(datagram[3], MIN_PRECISION, MAX_PRECISION) &&
    isShortTime(datagram, 4) && isShortTime(datagram, 8) &&
    endsWithMac(datagram, HEADER_LENGTH);
}

/** Opcode, and as many data as it says, padded to whole words, perhaps with a code of authentication behind. */
function isControlRequest(datagram: Uint8Array): boolean {
  if (datagram.length < CONTROL_HEADER_LENGTH || (datagram[0] ?? 0) >> 6 !== 0) return false;
  const opcode = datagram[1] ?? 0; // with the bits for response, error and more: no request has them
  if (opcode === 0 || opcode > 31 || u16(datagram, 4) !== 0 || u16(datagram, 8) !== 0) return false;
  const end = CONTROL_HEADER_LENGTH + u16(datagram, 10);
  const padded = end + 3 & ~3;
  return datagram.length === end || datagram.length === padded ||
    MAC_LENGTHS.includes(datagram.length - padded);
}

/** Whether extensions and a message authentication code fill the rest. */
function endsWithMac(datagram: Uint8Array, start: number): boolean {
  let position = start;
  for (;;) {
    const rest = datagram.length - position;
    if (rest === 0 || MAC_LENGTHS.includes(rest)) return true;
    const length = u16(datagram, position + 2);
    if (length < MIN_EXTENSION || length % 4 !== 0 || length > rest) return false;
    position += length;
  }
}

function isWithin(byte = 0, least: number, most: number): boolean {
  const signed = byte << 24 >> 24;
  return signed >= least && signed <= most;
}

/** A round trip or an error of less than 256 seconds; of the two, the first can be just below zero in version 3. */
function isShortTime(datagram: Uint8Array, offset: number): boolean {
  const seconds = u16(datagram, offset);
  return seconds < 256 || seconds === 0xffff;
}

function u16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) << 8 | (bytes[offset + 1] ?? 0);
}
