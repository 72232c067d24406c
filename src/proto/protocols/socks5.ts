/**
 * The greeting of SOCKS5 (RFC 1928 §3).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

const VERSION = 5;
const METHODS_OFFSET = 2;

/** SOCKS5. */
export const SOCKS5: TcpProtocolSpec = {
  name: "socks5",
  certainty: "strong",
  bound: METHODS_OFFSET + 255,
  fields: [],
  versions: [],
  prepare: () => () => detectSocks5,
};

/** Recognises a greeting: version, count, and that many different authentication methods. */
export function detectSocks5(head: Uint8Array): Verdict<Detected> {
  const [version, count] = head;
  if (version === undefined) return NEED_MORE;
  if (version !== VERSION || count === 0) return NO_MATCH;
  if (count === undefined) return NEED_MORE;

  // A greeting is little to go by, so the methods have to be ones that a client can offer, each of them once.
  const end = METHODS_OFFSET + count;
  const methods = head.subarray(METHODS_OFFSET, end);
  if (!methods.every(isOfferable) || new Set(methods).size < methods.length) return NO_MATCH;
  return head.length < end ? NEED_MORE : plainMatch("socks5", null, end);
}

/** Assigned by IANA ("SOCKS Methods", 0x00 to 0x09) or private (0x80 to 0xfe); 0xff is only ever an answer. */
function isOfferable(method: number): boolean {
  return method <= 0x09 || (method >= 0x80 && method <= 0xfe);
}
