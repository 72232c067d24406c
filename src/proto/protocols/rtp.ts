/**
 * RTP and RTCP (RFC 3550), with either transport profile, over UDP.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";

const HEADER_LENGTH = 12;

/** Types of RTCP packets that begin a datagram (RFC 3550 §6.1), and those that can follow (RFC 5761 §4). */
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const FIRST_RTCP_TYPE = 192;
const LAST_RTCP_TYPE = 223;

/** Words of a report without blocks, less one, as its length field counts them; and of each block. */
const SENDER_REPORT_WORDS = 6;
const RECEIVER_REPORT_WORDS = 1;
const BLOCK_WORDS = 6;

/** How far sequence numbers may go on, or back, from one packet to the next that arrives (RFC 3550 §A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

/** RTP and RTCP. */
export const RTP: UdpProtocolSpec = {
  name: "rtp",
  certainty: "weak",
  bound: 2,
  fields: [],
  versions: [],
  prepare: () => () => detectRtp,
};

/**
 * Recognises RTCP by its first datagram, which is packets to its end, and RTP by two: a header has too few marks, but two
 * in a row of one source are what makes a source valid (RFC 3550 §A.1).
 */
export function detectRtp(held: readonly Uint8Array[]): Verdict<Detected> {
  const [first, second] = held;
  if (first === undefined) return NEED_MORE;
  if (isRtcp(first)) return plainMatch("rtp", null, 1);
  if (!isRtp(first)) return NO_MATCH;
  if (second === undefined) return NEED_MORE;
  const follows = isRtcp(second)
    ? haveSameWord(first, 8, second, 4) // RTCP on the same port (RFC 5761)
    : isRtp(second) && haveSameWord(first, 8, second, 8) && isNext(first, second);
  return follows ? plainMatch("rtp", null, 2) : NO_MATCH;
}

/** Whether a datagram can be a packet of RTP: header, contributing sources, extension and padding have room in it. */
function isRtp(datagram: Uint8Array): boolean {
  const first = datagram[0] ?? 0;
  const type = datagram[1] ?? 0;
  if (first >> 6 !== 2 || datagram.length < HEADER_LENGTH || isRtcpType(type)) return false;
  let end = HEADER_LENGTH + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) end += 4 + 4 * u16(datagram, end + 2);
  if (end > datagram.length) return false;
  const hasPadding = (first & 0x20) !== 0;
  const padding = datagram[datagram.length - 1] ?? 0;
  return !hasPadding || (padding > 0 && end + padding <= datagram.length);
}

/** Whether a datagram begins with a report and is packets of RTCP to its end (RFC 3550 §A.2). */
function isRtcp(datagram: Uint8Array): boolean {
  if (!beginsWithReport(datagram)) return false;
  let position = 0;
  while (position + 4 <= datagram.length) {
    const isFitting = (datagram[position] ?? 0) >> 6 === 2 &&
      isRtcpType(datagram[position + 1] ?? 0);
    if (!isFitting) return false;
    position += 4 + 4 * u16(datagram, position + 2);
  }
  return position === datagram.length;
}

function beginsWithReport(datagram: Uint8Array): boolean {
  const first = datagram[0] ?? 0;
  const type = datagram[1];
  if (type !== SENDER_REPORT && type !== RECEIVER_REPORT) return false;
  const fixed = type === SENDER_REPORT ? SENDER_REPORT_WORDS : RECEIVER_REPORT_WORDS;
  return u16(datagram, 2) >= fixed + BLOCK_WORDS * (first & 0x1f);
}

/** In RTP, these would be payload types that nobody uses, with the marker: so that both can share a port. */
function isRtcpType(type: number): boolean {
  return type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE;
}

function isNext(first: Uint8Array, second: Uint8Array): boolean {
  const step = u16(second, 2) - u16(first, 2) & 0xffff;
  return step > 0 && (step < MAX_DROPOUT || step >= 0x10000 - MAX_MISORDER);
}

function haveSameWord(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  return u16(a, aStart) === u16(b, bStart) && u16(a, aStart + 2) === u16(b, bStart + 2);
}

function u16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) << 8 | (bytes[offset + 1] ?? 0);
}
