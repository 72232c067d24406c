/**
 * A UDP port of the `memory` engine and the sessions of its clients.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import type { Listener } from "../../../src/engine/engine.ts";
import { AddressMap } from "../../../src/engine/streams/address_map.ts";
import type { ListenerSpec } from "../../../src/model/snapshot.ts";
import { admitUdp } from "../../../src/pipeline/admission.ts";
import { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import type { MemoryContext } from "./memory_engine.ts";
import type { MemoryUdpSocket } from "./memory_network.ts";
import { MemoryUdpSession } from "./memory_udp_session.ts";

/** Stays for its sessions when its listener is closed, and takes a new one meanwhile. */
export class MemoryUdpPort {
  readonly #context: MemoryContext;
  readonly #socket: MemoryUdpSocket;
  readonly #sessions = new AddressMap<MemoryUdpSession>();
  readonly #onUnused: () => void;
  listening = false;

  /** @throws {Deno.errors.AddrInUse} when the port is taken */
  constructor(context: MemoryContext, port: number, onUnused: () => void) {
    this.#context = context;
    this.#onUnused = onUnused;
    this.#socket = context.network.bindUdp(port, (data, from) => this.#deliver(data, from));
  }

  get address(): SocketAddress {
    return this.#socket.address;
  }

  listen(spec: ListenerSpec): Listener {
    this.listening = true;
    let open = true;
    const close = () => {
      if (open) this.listening = false;
      open = false;
      this.#closeIfUnused();
    };
    return { spec, address: this.address, close };
  }

  #deliver(data: Uint8Array, from: SocketAddress): void {
    const session = this.#sessions.get(from.host, from.port) ?? this.#begin(from);
    session?.deliver(data);
  }

  #begin(from: SocketAddress): MemoryUdpSession | null {
    if (!this.listening) return null;
    const { ledger, udpLimit } = this.#context;
    const init = this.#context.begin(from, this.address);
    if (admitUdp(init.snapshot, ledger.active("udp")) !== null) {
      udpLimit.turnedAway(init.snapshot.udpMaxConnections);
      return null;
    }
    const session = new MemoryUdpSession({
      context: this.#context,
      flow: new UdpFlow(init, this.#context.flowIds, this.#context.ech.udpBudget),
      listener: this.address,
      reply: (data) => this.#socket.send(data, from),
      onEnd: () => {
        this.#sessions.delete(from.host, from.port);
        this.#closeIfUnused();
      },
    });
    this.#sessions.set(from.host, from.port, session);
    return session;
  }

  #closeIfUnused(): void {
    if (this.listening || this.#sessions.size > 0) return;
    this.#socket[Symbol.dispose]();
    this.#onUnused();
  }
}
