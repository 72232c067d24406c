/**
 * Between whom a TCP connection is, as PROXY headers tell it.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import { MAX_PROXY_HEADER } from "../model/limits.ts";
import type { Service } from "../model/snapshot.ts";
import { encodeProxyHeader, parseProxyHeader } from "../proto/proxy_protocol.ts";

/** What a connection's first bytes mean where a PROXY header is expected. */
export type HeaderResult = "taken" | "needMore" | "broken";

/** The two ends of a connection: those of its sockets, until a header tells of others. */
export class ConnectionAddresses {
  #source: SocketAddress;
  #destination: SocketAddress;
  #tlvs: Uint8Array | null = null;
  #headOffset = 0;

  constructor(peer: SocketAddress, local: SocketAddress) {
    this.#source = peer;
    this.#destination = local;
  }

  /** The client. */
  get source(): SocketAddress {
    return this.#source;
  }

  /** What it spoke to. */
  get destination(): SocketAddress {
    return this.#destination;
  }

  /** Where the client's own bytes begin: behind its PROXY header. */
  get headOffset(): number {
    return this.#headOffset;
  }

  /** Reads a header at the start of `head`. */
  readHeader(head: Uint8Array): HeaderResult {
    const verdict = parseProxyHeader(head);
    if (verdict.kind === "needMore" && head.length < MAX_PROXY_HEADER) return "needMore";
    if (verdict.kind !== "match") return "broken";
    const { source, destination, tlvs, length } = verdict.value;
    this.#tlvs = tlvs;
    this.#headOffset = length;
    // A LOCAL or UNKNOWN header tells of no one else than the peer.
    this.#source = source ?? this.#source;
    this.#destination = destination ?? this.#destination;
    return "taken";
  }

  /** The header that the targets of a service get; null: none. */
  headerFor({ sendProxyProtocol }: Service): Uint8Array | null {
    if (sendProxyProtocol === "none") return null;
    const [source, destination, tlvs] = [this.#source, this.#destination, this.#tlvs];
    return encodeProxyHeader(sendProxyProtocol, { source, destination, tlvs });
  }
}
