/**
 * The socket of one UDP session towards its target.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { DatagramSlots } from "./datagram_slots.ts";
import { closeQuietly, isOwnClose } from "./sys_errors.ts";

/** Who is told of what comes in. */
export interface UdpUpstreamEvents {
  /** Takes a datagram of the target and the lent buffer that it is a part of; tells whether it kept that. */
  readonly onReply: (data: Uint8Array, slot: Uint8Array) => boolean;
  /** The socket is of no more use. */
  readonly onError: (error: unknown) => void;
}

/**
 * A socket on a port of its own, for one target.
 *
 * Deno's sockets are never connected, so the filter that a connected one has is done here, and what ICMP says of the
 * target (port unreachable) is not seen: such a session ends by idleness.
 */
export class UdpUpstream {
  readonly #slots: DatagramSlots;
  readonly #target: Deno.NetAddr;
  readonly #socket: Deno.DatagramConn;
  #done: Promise<void> = Promise.resolve();

  /** @throws {Error} as the system reports it */
  constructor(slots: DatagramSlots, target: SocketAddress) {
    this.#slots = slots;
    this.#target = { transport: "udp", hostname: target.host, port: target.port };
    const hostname = target.host.includes(":") ? "::" : "0.0.0.0";
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  }

  /** Begins to receive. */
  run(events: UdpUpstreamEvents): void {
    this.#done = this.#receive(events);
  }

  send(data: Uint8Array): Promise<number> {
    return this.#socket.send(data, this.#target);
  }

  /** Closes the socket and resolves when nothing of it is pending. */
  async close(): Promise<void> {
    closeQuietly(this.#socket);
    await this.#done;
  }

  async #receive({ onReply, onError }: UdpUpstreamEvents): Promise<void> {
    let slot = this.#slots.take();
    try {
      for (;;) {
        const [data, from] = await this.#socket.receive(slot);
        // Anyone may send to an open port: only the target is listened to.
        if (this.#isTarget(from) && onReply(data, slot)) slot = this.#slots.take();
      }
    } catch (error) {
      if (!isOwnClose(error)) onError(error);
    }
    this.#slots.give(slot);
  }

  #isTarget(from: Deno.Addr): boolean {
    return from.transport === "udp" && from.port === this.#target.port &&
      from.hostname === this.#target.hostname;
  }
}
