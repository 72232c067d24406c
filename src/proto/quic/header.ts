/**
 * Long headers of QUIC packets (RFC 8999 §5.1, RFC 9000 §17.2), as far as they can be read without keys.
 *
 * @module
 */

import { Reader } from "../bytes.ts";
import { readVarint } from "./varint.ts";
import { findQuicVersion, type QuicVersion } from "./versions.ts";

/** Longest connection ID of the versions that can be read (RFC 9000 §17.2). */
export const MAX_CONNECTION_ID = 20;

/** An Initial packet. `dcid` and `scid` are views of the datagram, the three offsets are into it. */
export interface InitialPacket {
  readonly kind: "initial";
  readonly version: QuicVersion;
  readonly dcid: Uint8Array;
  readonly scid: Uint8Array;
  readonly start: number;
  /** Where the protected packet number begins. */
  readonly numberStart: number;
  /** Where the next coalesced packet begins. */
  readonly end: number;
}

/** A long header packet. `dcid` and `scid` are views of the datagram. */
export type LongHeaderPacket =
  | InitialPacket
  | {
    readonly kind: "zeroRtt" | "handshake" | "retry";
    readonly dcid: Uint8Array;
    readonly end: number;
  }
  /** A version that cannot be read: there is no telling where the packet ends. */
  | {
    readonly kind: "unknownVersion";
    readonly version: number;
    readonly dcid: Uint8Array;
    readonly scid: Uint8Array;
  };

/**
 * Reads the long header at `start`; null where there is none, or where the packet does not fit the datagram.
 *
 * The QUIC bit is not asked for in the versions that can be read: a client may clear it when it knows the server to accept
 * that (RFC 9287 §3.1), and an Initial proves itself by its authentication tag.
 */
export function parseLongHeader(datagram: Uint8Array, start: number): LongHeaderPacket | null {
  const reader = new Reader(datagram, start);
  const first = reader.u8();
  if ((first & 0x80) === 0) return null;
  const id = reader.u32();
  const dcid = reader.take(reader.u8());
  const scid = reader.take(reader.u8());
  if (reader.overrun) return null;

  const version = findQuicVersion(id);
  if (version === undefined) return { kind: "unknownVersion", version: id, dcid, scid };
  if (dcid.length > MAX_CONNECTION_ID || scid.length > MAX_CONNECTION_ID) return null;
  const kind = version.packetTypes[(first >> 4 & 3) as 0 | 1 | 2 | 3];
  if (kind === "retry") return { kind, dcid, end: datagram.length };

  if (kind === "initial") reader.skip(readVarint(reader)); // token
  const length = readVarint(reader);
  const numberStart = reader.offset;
  reader.skip(length);
  if (reader.overrun) return null;
  const end = reader.offset;
  return kind === "initial"
    ? { kind, version, dcid, scid, start, numberStart, end }
    : { kind, dcid, end };
}
