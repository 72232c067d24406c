/**
 * Requests of SOCKS4 and SOCKS4a (documents "SOCKS: A protocol for TCP proxy across firewalls" and "SOCKS 4A: A Simple
 * Extension to SOCKS 4 Protocol").
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { canonicalHostName } from "../host_name.ts";

const VERSION = 4;
const CONNECT = 1;
const BIND = 2;

/**
 * How requests begin, for protocols that begin with a length of two bytes. A short request must not wait for what tells it
 * from a message as long as that, which is rare: such a message is not theirs.
 */
export const SOCKS4_STARTS: readonly number[] = [VERSION << 8 | CONNECT, VERSION << 8 | BIND];

/** Offset of the user ID, behind version, command, port and address. */
const USER_OFFSET = 8;

/** Longest user ID; no document names a bound, servers have this one or less. */
const MAX_USER = 255;

/** Longest domain name, with a dot at its end. */
const MAX_NAME = 254;

/** SOCKS4 and SOCKS4a. */
export const SOCKS4: TcpProtocolSpec = {
  name: "socks4",
  certainty: "strong",
  bound: USER_OFFSET + MAX_USER + 1 + MAX_NAME + 1,
  fields: ["user"],
  versions: ["SOCKS4", "SOCKS4a"],
  prepare: ({ fields }) => {
    const wantsUser = fields.has("user");
    const detector = (head: Uint8Array) => detectSocks4(head, wantsUser);
    return () => detector;
  },
};

/** Recognises a request: a command with a port, a user ID, and a domain name where the address announces one. */
export function detectSocks4(head: Uint8Array, wantsUser = false): Verdict<Detected> {
  const version = head[0];
  const command = head[1];
  if (version === undefined) return NEED_MORE;
  if (version !== VERSION || (command !== undefined && command !== CONNECT && command !== BIND)) {
    return NO_MATCH;
  }
  if (head.length < USER_OFFSET) return NEED_MORE;
  const anyPort = command === BIND; // a client that expects a connection may not know from where
  if (!anyPort && head[2] === 0 && head[3] === 0) return NO_MATCH;

  const userEnd = findTextEnd(head, USER_OFFSET, MAX_USER);
  if (typeof userEnd !== "number") return userEnd;
  const hasName = announcesName(head);
  const end = hasName ? findTextEnd(head, userEnd + 1, MAX_NAME) : userEnd;
  if (typeof end !== "number") return end;
  if (hasName && canonicalHostName(latin1(head.subarray(userEnd + 1, end))) === null) {
    return NO_MATCH;
  }
  const user = wantsUser && userEnd > USER_OFFSET
    ? { user: latin1(head.subarray(USER_OFFSET, userEnd)) }
    : undefined;
  return plainMatch("socks4", hasName ? "SOCKS4a" : "SOCKS4", end + 1, user);
}

/** SOCKS4a: an address 0.0.0.x, x not zero, says that the name of the host stands behind the user ID. */
function announcesName(head: Uint8Array): boolean {
  return head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] !== 0;
}

/** Where the zero byte is that ends the text. The text may be empty, but has no control characters. */
function findTextEnd(
  head: Uint8Array,
  start: number,
  most: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = start; i <= start + most; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === 0) return i;
    if (byte < 0x20 || byte === 0x7f) return NO_MATCH;
  }
  return NO_MATCH;
}
