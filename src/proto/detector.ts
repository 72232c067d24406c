/**
 * What a detector of a protocol is.
 *
 * @module
 */

import type { Detected, Protocol } from "../model/protocol.ts";
import type { Verdict } from "../model/verdict.ts";

/**
 * Says whether a TCP connection's first bytes are of one protocol. `head` is everything so far: each call of one
 * detector gets the head of the call before with more bytes behind it. No verdict but `needMore` changes with more
 * bytes, and `needMore` ends at a bound of each protocol's own.
 */
export type TcpDetector = (head: Uint8Array) => Verdict<Detected>;

/** Says the same of a UDP flow. `held` is all datagrams so far, oldest first; only those that are new are worked on. */
export type UdpDetector = (held: readonly Uint8Array[]) => Verdict<Detected>;

/** A match of a protocol that names neither servers nor application protocols. */
export function plainMatch(
  protocol: Protocol,
  version: string | null,
  consumed: number,
): Verdict<Detected> {
  return {
    kind: "match",
    value: { protocol, sni: null, alpn: [], ech: false, version, consumed },
  };
}
