/**
 * STUN, of which TURN and ICE's connectivity checks are a part (RFC 8489, RFC 8656), over UDP and TCP.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec, type UdpProtocolSpec } from "../detector.ts";

/** Type, length, magic cookie, and transaction ID (RFC 8489 §5). */
const HEADER_LENGTH = 20;

/** Behind the magic cookie. */
const COOKIE_END = 8;
const MAGIC_COOKIE = [0x21, 0x12, 0xa4, 0x42];

/** First byte of a type: two bits are always zero, and no method above 0xff is given out (RFC 8489 §5, §18.2). */
const MAX_TYPE_START = 0x03;

/** Size of the length in front of each packet on a TCP connection of ICE (RFC 4571 §2, RFC 6544 §3). */
const FRAME_LENGTH_SIZE = 2;

/** First byte of that length: connectivity checks have some hundred bytes, never a KiB. */
const MAX_FRAME_LENGTH_START = 0x03;

const BINDING_REQUEST = 0x0001;

/** STUN over TCP. */
export const STUN_TCP: TcpProtocolSpec = {
  name: "stun",
  certainty: "strong",
  bound: FRAME_LENGTH_SIZE + COOKIE_END,
  fields: [],
  versions: [],
  prepare: () => () => detectStunStream,
};

/** STUN over UDP. */
export const STUN_UDP: UdpProtocolSpec = {
  name: "stun",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [],
  prepare: () => () => detectStunDatagrams,
};

/** Recognises the first message by its cookie, alone as STUN and TURN send it, or in a frame as ICE does. */
export function detectStunStream(head: Uint8Array): Verdict<Detected> {
  const alone = findCookieEnd(head, 0);
  if (typeof alone === "number") return plainMatch("stun", null, alone);
  const framed = findFramedCookieEnd(head);
  if (typeof framed === "number") return plainMatch("stun", null, framed);
  return alone === NEED_MORE || framed === NEED_MORE ? NEED_MORE : NO_MATCH;
}

/** Recognises a datagram that is one message, with the cookie or of the time before it. */
export function detectStunDatagrams(held: readonly Uint8Array[]): Verdict<Detected> {
  const datagram = held[0];
  if (datagram === undefined) return NEED_MORE;
  if (datagram.length !== HEADER_LENGTH + messageLength(datagram, 0)) return NO_MATCH;
  const hasCookie = typeof findCookieEnd(datagram, 0) === "number";
  return hasCookie || isClassicRequest(datagram) ? plainMatch("stun", null, 1) : NO_MATCH;
}

/** Behind the cookie of a message that begins at `start`. */
function findCookieEnd(
  head: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = 0; i < COOKIE_END; i++) {
    const byte = head[start + i];
    if (byte === undefined) return NEED_MORE;
    if (!mayStandInHeader(byte, i)) return NO_MATCH;
  }
  return start + COOKIE_END;
}

function mayStandInHeader(byte: number, index: number): boolean {
  switch (index) {
    case 0:
      return byte <= MAX_TYPE_START;
    case 1:
    case 2:
      return true;
    case 3: // attributes are padded to whole words
      return (byte & 3) === 0;
    default:
      return byte === MAGIC_COOKIE[index - 4];
  }
}

/** The same in a frame, which holds the message and nothing else. */
function findFramedCookieEnd(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  if ((head[0] ?? 0) > MAX_FRAME_LENGTH_START) return NO_MATCH;
  const cookieEnd = findCookieEnd(head, FRAME_LENGTH_SIZE);
  if (cookieEnd === NO_MATCH || head.length < FRAME_LENGTH_SIZE + 4) return cookieEnd;
  const frameLength = (head[0] ?? 0) << 8 | (head[1] ?? 0);
  return frameLength === HEADER_LENGTH + messageLength(head, FRAME_LENGTH_SIZE)
    ? cookieEnd
    : NO_MATCH;
}

/** What the message that begins at `start` says of its length: that of everything behind the header. */
function messageLength(bytes: Uint8Array, start: number): number {
  return (bytes[start + 2] ?? 0) << 8 | (bytes[start + 3] ?? 0);
}

/**
 * A binding request without a cookie (RFC 3489 §11): its attributes fill it. Sixteen bytes of transaction ID are random;
 * one that begins like the counts of a DNS query with the ID 1 is left to DNS.
 */
function isClassicRequest(datagram: Uint8Array): boolean {
  if (datagram[0] !== BINDING_REQUEST >> 8 || datagram[1] !== BINDING_REQUEST) return false;
  if (datagram[4] === 0 && datagram[5] === 1 && datagram[6] === 0 && datagram[7] === 0) {
    return false;
  }
  let position = HEADER_LENGTH;
  while (position + 4 <= datagram.length) {
    const length = messageLength(datagram, position); // at the same place as in the header
    if (length % 4 !== 0) return false;
    position += 4 + length;
  }
  return position === datagram.length;
}
