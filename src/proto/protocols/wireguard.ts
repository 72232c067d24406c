/**
 * WireGuard's handshake initiation (WireGuard whitepaper §5.4.2).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";

/** Message type of an initiation. The three reserved zero bytes behind it make it a little-endian 32-bit integer. */
const INITIATION = 0x01_00_00_00;

/** Size of an initiation: type 1, reserved 3, sender 4, ephemeral 32, static 48, timestamp 28, MACs 32. */
const INITIATION_LENGTH = 148;

/** WireGuard. */
export const WIREGUARD: UdpProtocolSpec = {
  name: "wireguard",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [],
  prepare: () => () => detectWireGuard,
};

/**
 * Detects WireGuard by the first datagram of a flow. The other types do not open a session: a flow that begins with
 * transport data or a response is `noMatch`. Everything behind the type is random or encrypted; `mac2` is zero unless the
 * responder is under load, and is not looked at.
 */
export function detectWireGuard(held: readonly Uint8Array[]): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  if (first.length !== INITIATION_LENGTH || new Reader(first).u32() !== INITIATION) return NO_MATCH;
  return plainMatch("wireguard", null, 1);
}
