/**
 * Who is let in at all.
 *
 * @module
 */

import type { Cidr, SocketAddress } from "../model/address.ts";
import type { EndReason } from "../model/flow.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { parseIp } from "../proto/ip.ts";

/**
 * Why a TCP connection is to be turned away at once; null lets it in.
 *
 * @param active connections that are open without this one
 */
export function admitTcp(
  snapshot: Snapshot,
  peer: SocketAddress,
  active: number,
): EndReason | null {
  if (active >= snapshot.tcpMaxConnections) return "limit";
  if (snapshot.inboundProxy === null) return null;
  return addressSet(snapshot.inboundProxy.trusted).has(peer.host) ? null : "untrusted";
}

/**
 * Why a new UDP flow is to be turned away at once; null lets it in.
 *
 * @param active flows that exist without this one
 */
export function admitUdp(snapshot: Snapshot, active: number): EndReason | null {
  return active >= snapshot.udpMaxConnections ? "limit" : null;
}

/** Compiled once for a snapshot, and gone with it. */
const compiled = new WeakMap<readonly Cidr[], AddressSet>();

function addressSet(cidrs: readonly Cidr[]): AddressSet {
  let set = compiled.get(cidrs);
  if (set === undefined) {
    set = new AddressSet(cidrs);
    compiled.set(cidrs, set);
  }
  return set;
}

/** Address blocks by length: one look-up for each prefix length in use, however many blocks there are. */
class AddressSet {
  readonly #v4 = new Map<number, Set<bigint>>();
  readonly #v6 = new Map<number, Set<bigint>>();

  constructor(cidrs: readonly Cidr[]) {
    for (const { bytes, prefixLength } of cidrs) {
      const blocks = bytes.length === 4 ? this.#v4 : this.#v6;
      const prefix = prefixOf(toInteger(bytes), bytes.length, prefixLength);
      const prefixes = blocks.get(prefixLength);
      if (prefixes === undefined) blocks.set(prefixLength, new Set([prefix]));
      else prefixes.add(prefix);
    }
  }

  has(host: string): boolean {
    const bytes = parseIp(host);
    if (bytes === null) return false;
    const address = toInteger(bytes);
    for (const [prefixLength, prefixes] of bytes.length === 4 ? this.#v4 : this.#v6) {
      if (prefixes.has(prefixOf(address, bytes.length, prefixLength))) return true;
    }
    return false;
  }
}

function toInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return value;
}

function prefixOf(address: bigint, byteLength: number, prefixLength: number): bigint {
  return address >> BigInt(byteLength * 8 - prefixLength);
}
