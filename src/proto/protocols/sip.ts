/**
 * The first line of a SIP message (RFC 3261 §7), over TCP and UDP.
 *
 * @module
 */

import { MAX_HTTP_REQUEST_LINE } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import {
  plainMatch,
  type TcpDetector,
  type TcpProtocolSpec,
  type UdpDetector,
  type UdpProtocolSpec,
} from "../detector.ts";
import { findMethodEnd, LineScan, MAX_LEADING_EMPTY, skipEmptyLines } from "../start_line.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/** Longest scheme of a Request-URI: `sip`, `sips`, `tel`, `urn` … */
const MAX_SCHEME = 16;

/** Datagrams that only keep a NAT's mapping alive, tolerated before the first message. */
const MAX_KEEPALIVES = 3;

const VERSION = "SIP/2.0";
const REQUEST_END = new TextEncoder().encode(` ${VERSION}`);
const RESPONSE_START = new TextEncoder().encode(`${VERSION} `);

/** SIP over TCP. */
export const SIP_TCP: TcpProtocolSpec = {
  name: "sip",
  certainty: "strong",
  bound: MAX_LEADING_EMPTY + MAX_HTTP_REQUEST_LINE + 2,
  fields: [],
  versions: [VERSION],
  prepare: () => sipDetector,
};

/** SIP over UDP. */
export const SIP_UDP: UdpProtocolSpec = {
  name: "sip",
  certainty: "strong",
  bound: MAX_KEEPALIVES + 1,
  fields: [],
  versions: [VERSION],
  prepare: () => () => detectSipDatagrams,
};

/**
 * A detector for one connection; it remembers how much of the line it has seen.
 *
 * A request is known by a URI with a scheme and by the version at the end of its line, whatever its method, as methods
 * are extensible. A response can come first as well, where a server has to connect anew to send it (RFC 3261 §18.2.2).
 */
export function sipDetector(): TcpDetector {
  let line: LineScan | null = null;
  return (head) => {
    const start = skipEmptyLines(head);
    if (typeof start !== "number") return start;
    const response = detectResponse(head, start);
    if (response.kind !== "noMatch") return response;

    const methodEnd = findMethodEnd(head, start, isCapital);
    if (typeof methodEnd !== "number") return methodEnd;
    const uri = findSchemeEnd(head, methodEnd + 1);
    if (typeof uri !== "number") return uri;
    line ??= new LineScan(uri);
    const found = line.find(head, start + MAX_HTTP_REQUEST_LINE);
    if (found.kind === "needMore") return NEED_MORE;
    if (found.kind !== "line" || !endsInVersion(head, uri, found.end)) return NO_MATCH;
    return plainMatch("sip", VERSION, found.next);
  };
}

/** Recognises the first datagram that does more than keep a mapping alive. */
export const detectSipDatagrams: UdpDetector = (held) => {
  for (let i = 0; i <= MAX_KEEPALIVES; i++) {
    const datagram = held[i];
    if (datagram === undefined) return NEED_MORE;
    if (!isKeepalive(datagram)) {
      return isMessage(datagram) ? plainMatch("sip", VERSION, i + 1) : NO_MATCH;
    }
  }
  return NO_MATCH;
};

function isMessage(datagram: Uint8Array): boolean {
  const first = datagram[0] ?? 0;
  const mayBegin = isCapital(first) || first === CR || first === LF;
  return mayBegin && sipDetector()(datagram).kind === "match";
}

/** Empty lines, as over TCP (RFC 5626 §3.5.1), or the four zero bytes that many devices send instead. */
function isKeepalive(datagram: Uint8Array): boolean {
  if (datagram.length > MAX_LEADING_EMPTY) return false;
  if (datagram.every((byte) => byte === CR || byte === LF)) return true;
  return datagram.length === 4 && datagram.every((byte) => byte === 0);
}

/** `SIP/2.0 200 `: the version, a status code from 100 to 699 (RFC 3261 §7.2), and a space. */
function detectResponse(head: Uint8Array, start: number): Verdict<Detected> {
  const codeStart = start + RESPONSE_START.length;
  const end = codeStart + 4;
  for (let i = start; i < end; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (!isResponseByte(byte, i - start)) return NO_MATCH;
  }
  return plainMatch("sip", VERSION, end);
}

function isResponseByte(byte: number, position: number): boolean {
  if (position < RESPONSE_START.length) return byte === RESPONSE_START[position];
  const digit = byte - 0x30;
  switch (position - RESPONSE_START.length) {
    case 0:
      return digit >= 1 && digit <= 6;
    case 3:
      return byte === SPACE;
    default:
      return digit >= 0 && digit <= 9;
  }
}

/**
 * All methods that there are have capitals alone, though more is allowed: it keeps detection away from most lines of other
 * protocols, the identification strings of SSH among them.
 */
function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** Where the colon of a URI's scheme is (RFC 3986 §3.1). */
function findSchemeEnd(
  head: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = start; i <= start + MAX_SCHEME; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === COLON && i > start) return i;
    if (!isLetter(byte) && (i === start || !isSchemeMark(byte))) return NO_MATCH;
  }
  return NO_MATCH;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** A digit, a plus, a hyphen or a dot. */
function isSchemeMark(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

/** Whether there is something behind the scheme, and the version behind that. */
function endsInVersion(head: Uint8Array, colon: number, end: number): boolean {
  const tail = end - REQUEST_END.length;
  if (tail <= colon + 1) return false;
  for (let i = 0; i < REQUEST_END.length; i++) {
    if (head[tail + i] !== REQUEST_END[i]) return false;
  }
  return true;
}
