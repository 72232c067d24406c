/**
 * The first line of HTTP/1.x (RFC 9112 §3) and the preface of HTTP/2 in clear text (RFC 9113 §3.4).
 *
 * @module
 */

import { MAX_HTTP_REQUEST_LINE } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpDetector, type TcpProtocolSpec } from "../detector.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const SLASH = 0x2f;
const P = 0x50;
const DELETE = 0x7f;

const H2C_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Bytes of empty lines tolerated before the request line (RFC 9112 §2.2: at least one line). */
const MAX_LEADING_EMPTY = 8;

/** Longest method: none registered or seen in the wild comes near. */
const MAX_METHOD = 32;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 §5.6.2
const HTTP_1 = /^HTTP\/1\.[0-9]/;
const OTHER_PROTOCOL = /^(?!HTTP\/)[A-Z]+\/[0-9]/; // "RTSP/1.0", "SIP/2.0", "ICAP/1.0": the same grammar, other names

/** IANA "HTTP Method Registry". */
const REGISTERED_METHODS: ReadonlySet<string> = new Set(
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR
  MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH
  TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/),
);

/** HTTP/1.x, and HTTP/2 in clear text. */
export const HTTP: TcpProtocolSpec = {
  name: "http",
  certainty: "strong",
  bound: MAX_LEADING_EMPTY + MAX_HTTP_REQUEST_LINE + 2,
  fields: [],
  versions: ["HTTP/1.*", "h2c"],
  prepare: () => httpDetector,
};

/**
 * A detector for one connection; it remembers how much of the line it has seen.
 *
 * A line that ends in an HTTP/1.x version is HTTP whatever its method, as methods are extensible (RFC 9110 §16.1). A
 * registered method with a path needs no such version: that is HTTP/0.9, or a request that its server should answer
 * with an error.
 */
export function httpDetector(): TcpDetector {
  let seen = 0;
  return (head) => {
    const start = skipEmptyLines(head);
    if (start === null) return NO_MATCH;
    const preface = start === 0 && head[0] === P ? detectPreface(head) : NO_MATCH;
    if (preface.kind !== "noMatch") return preface;

    const method = readMethod(head, start);
    if (typeof method !== "string") return method;
    if (method === "PRI") return NO_MATCH; // reserved for the preface (RFC 9113 §11.6)
    if (method.startsWith("SSH-")) return NO_MATCH; // an identification string with a comment (RFC 4253 §4.2)

    const bound = start + MAX_HTTP_REQUEST_LINE;
    let end = Math.max(seen, start + method.length);
    while (end < bound && isLineByte(head[end])) end++;
    seen = end;
    if (end === bound) return judgeLine(head, start, method, end, end);
    switch (head[end]) {
      case undefined:
        return NEED_MORE;
      case LF:
        return judgeLine(head, start, method, end, end + 1);
      case CR:
        if (end + 1 === head.length) return NEED_MORE;
        return head[end + 1] === LF ? judgeLine(head, start, method, end, end + 2) : NO_MATCH;
      default:
        return NO_MATCH;
    }
  };
}

/** Where the request line starts; null where there are too many empty lines, or a CR without its LF. */
function skipEmptyLines(head: Uint8Array): number | null {
  let start = 0;
  while (head[start] === CR || head[start] === LF) {
    if (head[start] === CR) {
      if (start + 1 === head.length) return start;
      if (head[start + 1] !== LF) return null;
      start++;
    }
    start++;
    if (start > MAX_LEADING_EMPTY) return null;
  }
  return start;
}

function detectPreface(head: Uint8Array): Verdict<Detected> {
  const text = latin1(head.subarray(0, H2C_PREFACE.length));
  if (text === H2C_PREFACE) return plainMatch("http", "h2c", H2C_PREFACE.length);
  return H2C_PREFACE.startsWith(text) ? NEED_MORE : NO_MATCH;
}

/** The method, once the space behind it is there. */
function readMethod(head: Uint8Array, start: number): string | typeof NEED_MORE | typeof NO_MATCH {
  const window = head.subarray(start, start + MAX_METHOD + 1);
  const space = window.indexOf(SPACE);
  const text = latin1(space < 0 ? window : window.subarray(0, space));
  if (space >= 0) return TOKEN.test(text) ? text : NO_MATCH;
  if (text.length > MAX_METHOD) return NO_MATCH;
  return text === "" || text === "\r" || TOKEN.test(text) ? NEED_MORE : NO_MATCH;
}

/** Whether a byte may stand within the line: no control character but a tab. Raw UTF-8 in targets is common. */
function isLineByte(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= SPACE ? byte !== DELETE : byte === HTAB);
}

function judgeLine(
  head: Uint8Array,
  start: number,
  method: string,
  end: number,
  consumed: number,
): Verdict<Detected> {
  const word = lastWord(head, start, end);
  if (HTTP_1.test(word)) return plainMatch("http", word.slice(0, "HTTP/1.1".length), consumed);
  const hasPath = head[start + method.length + 1] === SLASH;
  if (!hasPath || !REGISTERED_METHODS.has(method) || OTHER_PROTOCOL.test(word)) return NO_MATCH;
  return plainMatch("http", null, consumed);
}

/** What stands behind the last space of the line; empty where that is more than a version can take. */
function lastWord(head: Uint8Array, start: number, end: number): string {
  const MAX_WORD = 16;
  const tail = latin1(head.subarray(Math.max(start, end - MAX_WORD), end)).replace(/ +$/, "");
  const space = tail.lastIndexOf(" ");
  return space < 0 ? "" : tail.slice(space + 1);
}
