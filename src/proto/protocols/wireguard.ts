/**
 * WireGuard's handshake initiation (WireGuard whitepaper §5.4.2), and whom it is for (§5.4.4).
 *
 * @module
 */

import { blake2s } from "@noble/hashes/blake2.js";
import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";

/** Message type of an initiation. The three reserved zero bytes behind it make it a little-endian 32-bit integer. */
const INITIATION = 0x01_00_00_00;

/** Size of an initiation: type 1, reserved 3, sender 4, ephemeral 32, static 48, timestamp 28, MACs 32. */
const INITIATION_LENGTH = 148;

/** mac1 and mac2 have 16 bytes each; mac1 is over all that stands before it. */
const MAC_LENGTH = 16;
const MAC1_OFFSET = INITIATION_LENGTH - 2 * MAC_LENGTH;
const MAC1_LABEL = new TextEncoder().encode("mac1----");

/** WireGuard. */
export const WIREGUARD: UdpProtocolSpec = {
  name: "wireguard",
  certainty: "strong",
  bound: 1,
  fields: ["publicKey"],
  versions: [],
  prepare: ({ fields, values }) => {
    if (!fields.has("publicKey")) return () => detectWireGuard;
    const responders = values.map(responderOf);
    const detector = (held: readonly Uint8Array[]) => detectWireGuard(held, responders);
    return () => detector;
  },
};

/** A server that a handshake may be for. */
export interface Responder {
  /** In base64. */
  readonly publicKey: string;
  /** The hash of mac1, keyed and with nothing hashed yet: it is cloned for each message. */
  readonly mac1: ReturnType<typeof blake2s.create>;
}

/** What is to be known of the server with this public key, which is 32 bytes in base64. */
export function responderOf(publicKey: string): Responder {
  const label = new Uint8Array([...MAC1_LABEL, ...Uint8Array.fromBase64(publicKey)]);
  const mac1 = blake2s.create({ key: blake2s(label), dkLen: MAC_LENGTH });
  return { publicKey, mac1 };
}

/**
 * Detects WireGuard by the first datagram of a flow. The other types do not open a session: a flow that begins with
 * transport data or a response is `noMatch`. Everything behind the type is random or encrypted; `mac2` is zero unless the
 * responder is under load, and is not looked at.
 *
 * @param responders servers that are tried, in turn, for the one that the handshake is addressed to
 */
export function detectWireGuard(
  held: readonly Uint8Array[],
  responders: readonly Responder[] = NOBODY,
): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  if (first.length !== INITIATION_LENGTH || new Reader(first).u32() !== INITIATION) return NO_MATCH;
  const responder = responders.find(({ mac1 }) => isMac1(first, mac1));
  const fields = responder && { publicKey: responder.publicKey };
  return plainMatch("wireguard", null, 1, fields);
}

const NOBODY: readonly Responder[] = [];

/** Whether the initiation's mac1 is the one of this hash. Nothing is secret here, so the time that it takes may vary. */
function isMac1(initiation: Uint8Array, hash: Responder["mac1"]): boolean {
  const mac = hash.clone().update(initiation.subarray(0, MAC1_OFFSET)).digest();
  return mac.every((byte, i) => byte === initiation[MAC1_OFFSET + i]);
}
