/**
 * BitTorrent: the handshake between peers over TCP (BEP 3); over UDP the distributed hash table (BEP 5), the opening of a
 * connection of uTP (BEP 29), and that of a client to a tracker (BEP 15).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { isKrpcMessage } from "../bittorrent/krpc.ts";
import { plainMatch, type TcpProtocolSpec, type UdpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** The name of the protocol, behind its length. */
const HANDSHAKE = asciiMark("\x13BitTorrent protocol");

/** Protocol ID 0x41727101980 and action 0, in front of a transaction ID. */
const TRACKER_CONNECT = Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0);
const TRACKER_CONNECT_LENGTH = 16;

/** Type ST_SYN and version 1. */
const UTP_SYN = 0x41;
const UTP_HEADER_LENGTH = 20;
const UTP_EXTENSION_OFFSET = 1;
/** Nothing has come from the other side yet: no delay is measured, no packet acknowledged. */
const UTP_DELAY_OFFSET = 8;
const UTP_DELAY = new Uint8Array(4);
const UTP_ACKNOWLEDGED_OFFSET = 18;
const UTP_ACKNOWLEDGED = new Uint8Array(2);

/** BitTorrent between peers. */
export const BITTORRENT_TCP: TcpProtocolSpec = {
  name: "bittorrent",
  certainty: "strong",
  bound: HANDSHAKE.length,
  fields: [],
  versions: [],
  prepare: () => () => detectBitTorrentTcp,
};

/** What clients of BitTorrent send over UDP. */
export const BITTORRENT_UDP: UdpProtocolSpec = {
  name: "bittorrent",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [],
  prepare: () => () => detectBitTorrentUdp,
};

/** Recognises the handshake by the name at its beginning. */
export function detectBitTorrentTcp(head: Uint8Array): Verdict<Detected> {
  const end = findMarkEnd(head, 0, HANDSHAKE);
  return typeof end === "number" ? plainMatch("bittorrent", null, end) : end;
}

/** Recognises the first datagram of a flow. */
export function detectBitTorrentUdp(held: readonly Uint8Array[]): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  const isKnown = isKrpcMessage(first) || isUtpSyn(first) || isTrackerConnect(first);
  return isKnown ? plainMatch("bittorrent", null, 1) : NO_MATCH;
}

/** A header, and behind it nothing but the extensions that it announces. */
function isUtpSyn(datagram: Uint8Array): boolean {
  if (datagram[0] !== UTP_SYN) return false;
  if (!isAt(datagram, UTP_DELAY_OFFSET, UTP_DELAY)) return false;
  if (!isAt(datagram, UTP_ACKNOWLEDGED_OFFSET, UTP_ACKNOWLEDGED)) return false;
  let next = datagram[UTP_EXTENSION_OFFSET];
  let end = UTP_HEADER_LENGTH;
  while (next !== 0) {
    const length = datagram[end + 1];
    if (length === undefined) return false;
    next = datagram[end];
    end += 2 + length;
  }
  return end === datagram.length;
}

/** Servers are to take what is longer, too. */
function isTrackerConnect(datagram: Uint8Array): boolean {
  return datagram.length >= TRACKER_CONNECT_LENGTH && isAt(datagram, 0, TRACKER_CONNECT);
}

function isAt(datagram: Uint8Array, offset: number, mark: Uint8Array): boolean {
  return findMarkEnd(datagram, offset, mark) === offset + mark.length;
}
