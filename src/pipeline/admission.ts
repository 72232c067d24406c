/**
 * Who is let in at all.
 *
 * @module
 */

import type { Cidr, SocketAddress } from "../model/address.ts";
import type { EndReason } from "../model/flow.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { CidrTable } from "../proto/cidr.ts";

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
  return trustedPeers(snapshot.inboundProxy.trusted).containsHost(peer.host) ? null : "untrusted";
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
const compiled = new WeakMap<readonly Cidr[], CidrTable>();

function trustedPeers(cidrs: readonly Cidr[]): CidrTable {
  let table = compiled.get(cidrs);
  if (table === undefined) {
    table = new CidrTable(cidrs);
    compiled.set(cidrs, table);
  }
  return table;
}
