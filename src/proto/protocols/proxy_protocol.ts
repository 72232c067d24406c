/**
 * Connections that begin with a header of the PROXY protocol (HAProxy's proxy-protocol.txt §2), for backends that read it
 * themselves.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { MALFORMED } from "../malformed.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";
import { MAX_LINE } from "../proxy_protocol/v1.ts";
import { FIXED_LENGTH, hasKnownCommand, SIGNATURE } from "../proxy_protocol/v2.ts";

const LINE_END = asciiMark("\r\n");

/** How a line of version 1 can begin. */
const LINE_MARKS = ["PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"].map(asciiMark);

/**
 * What addresses and ports consist of. Readers are to ignore whatever else a line with UNKNOWN says, but all that senders
 * are to put there is addresses, and `PROXY UNKNOWN HTTP/1.1` is a request.
 */
const ADDRESS_BYTES = new Uint8Array(256);
for (const byte of asciiMark(" .:0123456789ABCDEFabcdef")) ADDRESS_BYTES[byte] = 1;

/** The PROXY protocol, versions 1 and 2. */
export const PROXY_PROTOCOL: TcpProtocolSpec = {
  name: "proxy_protocol",
  certainty: "strong",
  bound: MAX_LINE,
  fields: [],
  versions: ["PROXY v1", "PROXY v2"],
  prepare: () => () => detectProxyProtocol,
};

/**
 * Recognises a whole line of version 1, or what a header of version 2 has before the addresses. Addresses are the backend's
 * to read.
 */
export function detectProxyProtocol(head: Uint8Array): Verdict<Detected> {
  for (const mark of LINE_MARKS) {
    const end = findMarkEnd(head, 0, mark);
    if (typeof end === "number") return detectLine(head, end);
    if (end === NEED_MORE) return NEED_MORE;
  }
  const signatureEnd = findMarkEnd(head, 0, SIGNATURE);
  if (typeof signatureEnd !== "number") return signatureEnd;
  if (head.length < FIXED_LENGTH) return NEED_MORE;
  if (!hasKnownCommand(head)) return MALFORMED.bad_value;
  return plainMatch("proxy_protocol", "PROXY v2", FIXED_LENGTH);
}

function detectLine(head: Uint8Array, start: number): Verdict<Detected> {
  const mostText = MAX_LINE - LINE_END.length;
  let textEnd = start;
  while (textEnd <= mostText && ADDRESS_BYTES[head[textEnd] ?? 0] === 1) textEnd++;
  if (textEnd > mostText) return MALFORMED.too_long;
  const end = findMarkEnd(head, textEnd, LINE_END);
  return typeof end === "number" ? plainMatch("proxy_protocol", "PROXY v1", end) : end;
}
