/**
 * Connection IDs in the headers of QUIC packets, of whatever version (RFC 8999 §5).
 *
 * @module
 */

import { Reader } from "../bytes.ts";
import { findQuicVersion } from "./versions.ts";

/** Longest connection ID of the versions there are (RFC 9000 §17.2). */
const MAX_LENGTH = 20;

/**
 * The ID that a server gives to its client with a datagram: the Source Connection ID of its first packet (RFC 9000 §7.2).
 * Null where the datagram begins with a short header, which has none, and for Version Negotiation, which repeats the
 * client's.
 */
export function givenConnectionId(datagram: Uint8Array): Uint8Array | null {
  const header = readLongHeader(datagram);
  return header === null || header.version === 0 || header.scid.length === 0 ? null : header.scid;
}

/**
 * The ID that a datagram with a long header is sent to; null where there is none that a server can have given: 0-RTT and
 * the first Initials carry one that the client has made up, but only those of 0-RTT can be told by their header.
 */
export function longDestinationId(datagram: Uint8Array): Uint8Array | null {
  const header = readLongHeader(datagram);
  if (header === null || header.version === 0) return null;
  const type = findQuicVersion(header.version)?.packetTypes[((datagram[0] ?? 0) >> 4 & 3) as 0];
  return type === "zeroRtt" ? null : header.dcid;
}

/** Whether a datagram begins with a short header as far as can be told (RFC 9000 §17.3). */
export function hasShortHeader(datagram: Uint8Array): boolean {
  return datagram.length > 1 && ((datagram[0] ?? 0) & 0x80) === 0;
}

/** The fixed bit, which a client may clear when it knows the server to accept that (RFC 9287 §3.1). */
export function hasFixedBit(datagram: Uint8Array): boolean {
  return ((datagram[0] ?? 0) & 0x40) !== 0;
}

/** What stands where the ID of a short header does; null where the datagram ends before `length` bytes of it. */
export function shortDestinationId(datagram: Uint8Array, length: number): Uint8Array | null {
  return datagram.length <= length ? null : datagram.subarray(1, 1 + length);
}

function readLongHeader(datagram: Uint8Array): {
  readonly version: number;
  readonly dcid: Uint8Array;
  readonly scid: Uint8Array;
} | null {
  const reader = new Reader(datagram);
  if ((reader.u8() & 0x80) === 0) return null;
  const version = reader.u32();
  const dcid = reader.take(reader.u8());
  const scid = reader.take(reader.u8());
  if (reader.overrun || dcid.length > MAX_LENGTH || scid.length > MAX_LENGTH) return null;
  return { version, dcid, scid };
}
