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

/** Methods that IANA has assigned ("SOCKS Methods"), from 0x00 on, and those of private use. 0xff is only ever an answer. */
const LAST_ASSIGNED = 0x09;
const FIRST_PRIVATE = 0x80;
const LAST_PRIVATE = 0xfe;

/** How many methods there are to offer. */
const MAX_METHODS = LAST_ASSIGNED + 1 + LAST_PRIVATE - FIRST_PRIVATE + 1;

/** SOCKS5. */
export const SOCKS5: TcpProtocolSpec = {
  name: "socks5",
  certainty: "strong",
  bound: METHODS_OFFSET + MAX_METHODS,
  fields: [],
  versions: [],
  prepare: () => () => detectSocks5,
};

/** Recognises a greeting: version, count, and that many different authentication methods. */
export function detectSocks5(head: Uint8Array): Verdict<Detected> {
  const version = head[0];
  const count = head[1];
  if (version === undefined) return NEED_MORE;
  if (version !== VERSION || count === 0) return NO_MATCH;
  if (count === undefined) return NEED_MORE;
  if (count > MAX_METHODS) return NO_MATCH;

  // A greeting is little to go by, so the methods have to be ones that a client can offer, each of them once.
  const end = METHODS_OFFSET + count;
  let assigned = 0; // a bit for each that was there
  for (let i = METHODS_OFFSET; i < end; i++) {
    const method = head[i];
    if (method === undefined) return NEED_MORE;
    if (method <= LAST_ASSIGNED) {
      // What repeats one is refused by that byte, and not held up: DNS over TCP can begin with 5, and goes on with zeros.
      if ((assigned >> method & 1) === 1) return NO_MATCH;
      assigned |= 1 << method;
    } else if (method < FIRST_PRIVATE || method > LAST_PRIVATE) return NO_MATCH;
  }
  return hasTwice(head, end) ? NO_MATCH : plainMatch("socks5", null, end);
}

function hasTwice(head: Uint8Array, end: number): boolean {
  for (let i = METHODS_OFFSET + 1; i < end; i++) {
    if (head.lastIndexOf(head[i] ?? 0, i - 1) >= METHODS_OFFSET) return true;
  }
  return false;
}
