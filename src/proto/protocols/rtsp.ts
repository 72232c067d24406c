/**
 * The first line of an RTSP client (RFC 2326 §6.1, RFC 7826 §7.1).
 *
 * @module
 */

import { MAX_HTTP_REQUEST_LINE } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { commonLength, latin1 } from "../bytes.ts";
import { plainMatch, type TcpDetector, type TcpProtocolSpec } from "../detector.ts";
import { findMethodEnd, LineScan, MAX_LEADING_EMPTY, skipEmptyLines } from "../start_line.ts";

const VERSIONS = ["RTSP/1.0", "RTSP/2.0"] as const;

/** The methods of both versions; an extension method (RFC 7826 §4.2) would have to be the very first. */
const METHODS = [
  "ANNOUNCE",
  "DESCRIBE",
  "GET_PARAMETER",
  "OPTIONS",
  "PAUSE",
  "PLAY",
  "RECORD",
  "REDIRECT",
  "SETUP",
  "SET_PARAMETER",
  "TEARDOWN",
].map((method) => new TextEncoder().encode(`${method} `));

/** RTSP. */
export const RTSP: TcpProtocolSpec = {
  name: "rtsp",
  certainty: "strong",
  bound: MAX_LEADING_EMPTY + MAX_HTTP_REQUEST_LINE + 2,
  fields: [],
  versions: VERSIONS,
  prepare: () => rtspDetector,
};

/**
 * A detector for one connection; it remembers how much of the line it has seen. HTTP has requests with the same methods,
 * so it is the version at the end of the line that tells.
 */
export function rtspDetector(): TcpDetector {
  let line: LineScan | null = null;
  return (head) => {
    const start = skipEmptyLines(head);
    if (typeof start !== "number") return start;
    if (!mayHaveMethod(head, start)) return NO_MATCH;
    const methodEnd = findMethodEnd(head, start);
    if (typeof methodEnd !== "number") return methodEnd;
    line ??= new LineScan(methodEnd);
    const found = line.find(head, start + MAX_HTTP_REQUEST_LINE);
    if (found.kind === "needMore") return NEED_MORE;
    return found.kind === "line" ? judgeLine(head, methodEnd, found.end, found.next) : NO_MATCH;
  };
}

/** Whether what is there of the first word can become a method of RTSP. */
function mayHaveMethod(head: Uint8Array, start: number): boolean {
  for (const method of METHODS) {
    const length = commonLength(head, method, start);
    if (length === method.length || start + length === head.length) return true;
  }
  return false;
}

function judgeLine(
  head: Uint8Array,
  methodEnd: number,
  end: number,
  consumed: number,
): Verdict<Detected> {
  const [{ length }] = VERSIONS;
  if (end - methodEnd < " * ".length + length) return NO_MATCH; // no target
  const tail = latin1(head.subarray(end - length - 1, end));
  for (const version of VERSIONS) {
    if (tail === ` ${version}`) return plainMatch("rtsp", version, consumed);
  }
  return NO_MATCH;
}
