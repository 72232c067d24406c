/**
 * The request line of HTTP/1.x, when it is whole (RFC 9112 §3).
 *
 * @module
 */

import { latin1 } from "../bytes.ts";
import { MAX_TARGET, parseRequestTarget, type RequestTarget } from "./request_target.ts";

const HTAB = 0x09;
const SPACE = 0x20;
const SLASH = 0x2f;
const LESS_THAN = 0x3c;
const OPENING_BRACE = 0x7b;

/** Longest last word that can be a version. */
const MAX_VERSION = 16;

const HTTP_1 = /^HTTP\/1\.[0-9]/;
const OTHER_PROTOCOL = /^(?!HTTP\/)[A-Z]+\/[0-9]/; // "RTSP/1.0", "SIP/2.0", "ICAP/1.0": the same grammar, other names

/** IANA "HTTP Method Registry". */
const REGISTERED_METHODS: ReadonlySet<string> = new Set(
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR
  MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH
  TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/),
);

/** A request line of HTTP. */
export interface RequestLine {
  /** `HTTP/1.1` and the like; null for a line without one. */
  readonly version: string | null;
  /** Reads the target, which not everybody wants to know. */
  readonly target: () => RequestTarget;
}

/**
 * Reads a line; null where it is not of HTTP.
 *
 * @param methodEnd where the space behind the method is
 * @param lineEnd behind the last byte of the line
 */
export function parseRequestLine(
  head: Uint8Array,
  start: number,
  methodEnd: number,
  lineEnd: number,
): RequestLine | null {
  const method = latin1(head.subarray(start, methodEnd));
  if (method === "PRI") return null; // reserved for the preface of HTTP/2 (RFC 9113 §11.6)
  if (method.startsWith("SSH-")) return null; // an identification string with a comment (RFC 4253 §4.2)

  const end = skipSpacesBack(head, methodEnd + 1, lineEnd);
  let wordStart = end;
  while (end - wordStart <= MAX_VERSION && head[wordStart - 1] !== SPACE) wordStart--;
  const word = head[wordStart - 1] === SPACE ? latin1(head.subarray(wordStart, end)) : "";
  let targetStart = methodEnd;
  while (head[targetStart] === SPACE || head[targetStart] === HTAB) targetStart++;
  const target = (targetEnd: number) => () => {
    const text = latin1(head.subarray(targetStart, Math.min(targetEnd, targetStart + MAX_TARGET)));
    return parseRequestTarget(method, text);
  };

  if (HTTP_1.test(word)) {
    if (!mayBeginTarget(head[targetStart])) return null;
    const version = word.slice(0, "HTTP/1.1".length);
    return { version, target: target(skipSpacesBack(head, methodEnd, wordStart)) };
  }
  if (head[methodEnd + 1] !== SLASH || !REGISTERED_METHODS.has(method)) return null;
  return OTHER_PROTOCOL.test(word) ? null : { version: null, target: target(end) };
}

/** No target begins like the options of NATS, or the priority of a syslog message that has its length in front. */
function mayBeginTarget(byte: number | undefined): boolean {
  return byte !== OPENING_BRACE && byte !== LESS_THAN;
}

/** Where the spaces before `end` begin. */
function skipSpacesBack(head: Uint8Array, start: number, end: number): number {
  let position = end;
  while (position > start && head[position - 1] === SPACE) position--;
  return position;
}
