/**
 * Who is let in at all.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { EndReason } from "../model/flow.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { containsHost } from "./conditions.ts";

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
  return containsHost(snapshot.inboundProxy.trusted, peer.host) ? null : "untrusted";
}

/**
 * Why a new UDP flow is to be turned away at once; null lets it in.
 *
 * @param active flows that exist without this one
 */
export function admitUdp(snapshot: Snapshot, active: number): EndReason | null {
  return active >= snapshot.udpMaxConnections ? "limit" : null;
}
