/**
 * The connection request of RDP ([MS-RDPBCGR] §2.2.1.1; X.224 §13.3 in a packet of RFC 1006 §6).
 *
 * @module
 */

import type { Detected, MatchField, MatchFields } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { NO_NEEDS, plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd, mayHave } from "../marks.ts";

// The header of the packet, and then that of the request.
const PACKET_START = Uint8Array.of(3, 0);
const PACKET_LENGTH_OFFSET = 2;
const REQUEST_LENGTH_OFFSET = 4;
const CODE_OFFSET = 5;
/** Connection request without credit, and no reference of the other side yet. */
const CODE = Uint8Array.of(0xe0, 0, 0);
const CLASS_OFFSET = 10;
const VARIABLE_OFFSET = 11;

/** Greatest length that a request can have, its length byte not counted (X.224 §13.2.1). */
const MAX_REQUEST = 254;

/** What a client asks for besides: type, flags, length and four bytes of protocols (§2.2.1.1.1). */
const NEGOTIATION = 1;
const NEGOTIATION_LENGTH = 8;
/** A flag in it: an identifier of 36 bytes follows (§2.2.1.1.2). */
const CORRELATED = 0x08;
const CORRELATION = 6;
const CORRELATION_LENGTH = 36;

const COOKIE = asciiMark("Cookie: mstshash=");
const TOKEN = asciiMark("Cookie: msts=");

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;

/** RDP. */
export const RDP: TcpProtocolSpec = {
  name: "rdp",
  certainty: "strong",
  bound: REQUEST_LENGTH_OFFSET + 1 + MAX_REQUEST,
  fields: ["cookie", "routingToken"],
  versions: [],
  prepare: ({ fields }) => {
    const detector = (head: Uint8Array) => detectRdp(head, fields);
    return () => detector;
  },
};

/**
 * Recognises a whole connection request: the lengths agree, and what a client can add to it is a line, which is a cookie
 * or a token for a load balancer, and a request for security protocols.
 */
export function detectRdp(
  head: Uint8Array,
  wanted: ReadonlySet<MatchField> = NO_NEEDS.fields,
): Verdict<Detected> {
  const end = findRequestEnd(head);
  if (typeof end !== "number") return end;
  const lineEnd = findLineEnd(head, end);
  if (typeof lineEnd !== "number") return lineEnd;
  const bad = checkNegotiation(head, lineEnd, end);
  if (bad !== null) return bad;
  if (head.length < end) return NEED_MORE;
  return plainMatch("rdp", null, end, readFields(head, lineEnd - 2, wanted));
}

/** Where the packet, and with it the request, will end. */
function findRequestEnd(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  const start = findMarkEnd(head, 0, PACKET_START);
  if (typeof start !== "number") return start;
  const upper = head[PACKET_LENGTH_OFFSET];
  if (upper !== undefined && upper > 1) return NO_MATCH;
  const lower = head[PACKET_LENGTH_OFFSET + 1];
  const length = head[REQUEST_LENGTH_OFFSET];
  if (upper === undefined || lower === undefined || length === undefined) return NEED_MORE;
  const end = REQUEST_LENGTH_OFFSET + 1 + length;
  if (end !== (upper << 8 | lower) || end < VARIABLE_OFFSET || length > MAX_REQUEST) {
    return NO_MATCH;
  }
  const code = findMarkEnd(head, CODE_OFFSET, CODE);
  if (typeof code !== "number") return code;
  const transportClass = head[CLASS_OFFSET];
  if (transportClass === undefined) return NEED_MORE;
  return transportClass === 0 ? end : NO_MATCH;
}

/** Where the line ends that a cookie or a token is; where it would begin, if there is none. */
function findLineEnd(
  head: Uint8Array,
  end: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = VARIABLE_OFFSET; i < end; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === NEGOTIATION && i === VARIABLE_OFFSET) return i;
    if (byte === CR) {
      if (i === VARIABLE_OFFSET || i + 1 === end) return NO_MATCH;
      const next = head[i + 1];
      return next === undefined ? NEED_MORE : next === LF ? i + 2 : NO_MATCH;
    }
    if (byte < SPACE || byte === DELETE) return NO_MATCH;
  }
  return end === VARIABLE_OFFSET ? end : NO_MATCH;
}

/** Whether what follows the line is no request for security protocols, or not all there yet. */
function checkNegotiation(
  head: Uint8Array,
  start: number,
  end: number,
): typeof NEED_MORE | typeof NO_MATCH | null {
  if (start === end) return null;
  if (end - start < NEGOTIATION_LENGTH) return NO_MATCH;
  const type = head[start];
  const flags = head[start + 1];
  if (type !== undefined && type !== NEGOTIATION) return NO_MATCH;
  if (flags === undefined) return NEED_MORE;
  const correlated = (flags & CORRELATED) !== 0;
  if (end - start !== NEGOTIATION_LENGTH + (correlated ? CORRELATION_LENGTH : 0)) return NO_MATCH;
  if (!mayHave(head, start + 2, NEGOTIATION_LENGTH) || !mayHave(head, start + 3, 0)) {
    return NO_MATCH;
  }
  if (!correlated) return null;
  const next = start + NEGOTIATION_LENGTH;
  const fits = mayHave(head, next, CORRELATION) && mayHave(head, next + 1, 0) &&
    mayHave(head, next + 2, CORRELATION_LENGTH) && mayHave(head, next + 3, 0);
  return fits ? null : NO_MATCH;
}

function readFields(
  head: Uint8Array,
  lineEnd: number,
  wanted: ReadonlySet<MatchField>,
): MatchFields | undefined {
  if (lineEnd <= VARIABLE_OFFSET) return undefined;
  const cookieStart = findMarkEnd(head, VARIABLE_OFFSET, COOKIE);
  if (typeof cookieStart === "number") {
    if (!wanted.has("cookie")) return undefined;
    return { cookie: latin1(head.subarray(cookieStart, lineEnd)) };
  }
  if (!wanted.has("routingToken")) return undefined;
  const tokenStart = findMarkEnd(head, VARIABLE_OFFSET, TOKEN);
  const start = typeof tokenStart === "number" ? tokenStart : VARIABLE_OFFSET;
  return { routingToken: latin1(head.subarray(start, lineEnd)) };
}
