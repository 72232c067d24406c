/**
 * What a PROXY protocol header says, whatever its version.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { Verdict } from "../../model/verdict.ts";

/** A header that was read. */
export interface ProxyHeader {
  /** Bytes of the header: the connection's own begin behind them. */
  readonly length: number;
  /** Null, as `destination`, where the header tells of no one else than the peer: LOCAL, UNKNOWN, UNSPEC, UNIX. */
  readonly source: SocketAddress | null;
  readonly destination: SocketAddress | null;
  /** The TLVs of version 2 as they came, in a copy; null where there are none. */
  readonly tlvs: Uint8Array | null;
}

/** What a header is to be written for. */
export interface ProxiedConnection {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
  /** TLVs of an inbound header to pass on. */
  readonly tlvs: Uint8Array | null;
}

/** The match of a header after which the peer is still the source. */
export function keepPeer(length: number, tlvs: Uint8Array | null): Verdict<ProxyHeader> {
  return { kind: "match", value: { length, source: null, destination: null, tlvs } };
}
