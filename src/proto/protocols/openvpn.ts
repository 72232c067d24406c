/**
 * OpenVPN clients, by the reset that begins a session ("OpenVPN Wire Protocol", draft-openvpn-wire-protocol).
 *
 * An opcode with a key ID, and a session ID; then what depends on how the control channel is wrapped, which nothing but the
 * lengths tells:
 *
 *     not at all    no acknowledgements, packet ID 0
 *     tls-auth      HMAC, replay ID, time, no acknowledgements, packet ID 0
 *     tls-crypt     replay ID, time, tag, and encrypted what is said by the last two above
 *     tls-crypt-v2  the same, and a wrapped key of the client
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec, type UdpProtocolSpec } from "../detector.ts";
import { HEADER_LENGTH, mayHaveRequestHeader } from "../dns/message.ts";
import { SOCKS4_STARTS } from "./socks4.ts";

/** P_CONTROL_HARD_RESET_CLIENT_V1 (key method 1), V2 and V3 in the upper five bits, key ID 0 in the lower three. */
const RESET_V1 = 1 << 3;
const RESET_V2 = 7 << 3;
const RESET_V3 = 10 << 3;

/** Opcode and session ID. */
const HEADER = 1 + 8;
const REPLAY_ID = 4;
const TIME = 4;
/** How many acknowledgements there are, and a packet ID: all zero. */
const TRAILER = 1 + 4;

const PLAIN = HEADER + TRAILER;
/** With HMACs of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512. */
const TLS_AUTH: readonly number[] = [16, 20, 28, 32, 48, 64].map(
  (hmac) => HEADER + hmac + REPLAY_ID + TIME + TRAILER,
);
const TLS_CRYPT = HEADER + REPLAY_ID + TIME + 32 + TRAILER;
const LONGEST_OF_V2 = Math.max(...TLS_AUTH);
/** A wrapped key is a tag, a key of 256 bytes, metadata if there are any, and its own length in two bytes. */
const TLS_CRYPT_V2 = { least: TLS_CRYPT + 32 + 256 + 2, most: TLS_CRYPT + 1024 };

/** What stands before each packet over TCP: its length. */
const LENGTH_PREFIX = 2;

/** OpenVPN over TCP. */
export const OPENVPN_TCP: TcpProtocolSpec = {
  name: "openvpn",
  certainty: "strong",
  bound: LENGTH_PREFIX + LONGEST_OF_V2,
  fields: [],
  versions: [],
  prepare: () => () => detectOpenVpnTcp,
};

/** OpenVPN over UDP. */
export const OPENVPN_UDP: UdpProtocolSpec = {
  name: "openvpn",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [],
  prepare: () => () => detectOpenVpnUdp,
};

/** Recognises the reset at the start of a connection. */
export function detectOpenVpnTcp(head: Uint8Array): Verdict<Detected> {
  const high = head[0];
  const low = head[1];
  if (high === undefined) return NEED_MORE;
  if (high > TLS_CRYPT_V2.most >> 8) return NO_MATCH;
  if (low === undefined) return NEED_MORE;
  const length = high << 8 | low;
  if (SOCKS4_STARTS.includes(length)) return NO_MATCH;
  const end = findProof(head, LENGTH_PREFIX, length);
  if (end === NO_MATCH || isDns(head)) return NO_MATCH;
  return typeof end === "number" ? plainMatch("openvpn", null, end) : end;
}

/**
 * Whether the packet is a message of DNS, which has its length in front, too, and any ID where the opcode is. Its header is
 * there before the proof of any reset.
 */
function isDns(head: Uint8Array): boolean {
  return head.length >= LENGTH_PREFIX + HEADER_LENGTH && mayHaveRequestHeader(head, LENGTH_PREFIX);
}

/** Recognises the reset that is the first datagram of a flow. */
export function detectOpenVpnUdp(held: readonly Uint8Array[]): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  if (typeof findProof(first, 0, first.length) !== "number") return NO_MATCH;
  const wrapped = first.length - TLS_CRYPT;
  const isWhole = first[0] !== RESET_V3 ||
    ((first.at(-2) ?? 0) << 8 | (first.at(-1) ?? 0)) === wrapped;
  return isWhole ? plainMatch("openvpn", null, 1) : NO_MATCH;
}

/** Offset behind the last byte that it takes to tell a reset of `length` bytes at `start`. */
function findProof(bytes: Uint8Array, start: number, length: number): Step {
  const mayBeV2 = length === PLAIN || TLS_AUTH.includes(length);
  const mayBeV3 = length >= TLS_CRYPT_V2.least && length <= TLS_CRYPT_V2.most;
  if (!mayBeV2 && !mayBeV3) return NO_MATCH;
  const opcode = bytes[start];
  if (opcode === undefined) return NEED_MORE;
  const replayId = start + HEADER;
  if (mayBeV3) return opcode === RESET_V3 ? findReplayIdEnd(bytes, replayId) : NO_MATCH;
  if (opcode !== RESET_V1 && opcode !== RESET_V2) return NO_MATCH;

  if (length === TLS_CRYPT && opcode === RESET_V2) {
    const end = findReplayIdEnd(bytes, replayId);
    if (end !== NO_MATCH) return end;
  }
  const trailer = start + length - TRAILER;
  if (length === PLAIN) return findZerosEnd(bytes, trailer, TRAILER);
  const end = findReplayIdEnd(bytes, trailer - TIME - REPLAY_ID);
  return typeof end === "number" ? findZerosEnd(bytes, trailer, TRAILER) : end;
}

/** An offset behind what was looked for, or why there is none. */
type Step = number | typeof NEED_MORE | typeof NO_MATCH;

/**
 * Clients count their resets from 1, or from 0x0f000001 where they can do without a state of the server. Few are sent until
 * they give up.
 */
function findReplayIdEnd(bytes: Uint8Array, start: number): Step {
  const first = bytes[start];
  if (first === undefined) return NEED_MORE;
  if (first !== 0 && first !== 0x0f) return NO_MATCH;
  const end = findZerosEnd(bytes, start + 1, 2);
  if (typeof end !== "number") return end;
  const count = bytes[end];
  if (count === undefined) return NEED_MORE;
  return count === 0 ? NO_MATCH : end + 1;
}

function findZerosEnd(bytes: Uint8Array, start: number, count: number): Step {
  for (let i = start; i < start + count; i++) {
    const byte = bytes[i];
    if (byte === undefined) return NEED_MORE;
    if (byte !== 0) return NO_MATCH;
  }
  return start + count;
}
