/**
 * A listening UDP socket and the sessions of its clients.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import { ACCEPT_PAUSE } from "../../model/limits.ts";
import type { ListenerSpec } from "../../model/snapshot.ts";
import { admitUdp } from "../../pipeline/admission.ts";
import { UdpFlow } from "../../pipeline/udp_flow.ts";
import { formatHostPort } from "../../proto/ip.ts";
import type { Listener } from "../engine.ts";
import { AddressMap } from "./address_map.ts";
import type { EngineContext } from "./engine_context.ts";
import { FlowWait } from "./flow_wait.ts";
import { isIpv4Mapped, socketAddress } from "./net_address.ts";
import { randomSeed } from "../random_seed.ts";
import { closeQuietly, isOwnClose } from "./sys_errors.ts";
import { UdpSession } from "./udp_session.ts";

/**
 * Hands each datagram to the session of its sender. After its listener was closed the socket stays for the sessions that
 * live, and takes a new listener if there is one; it closes with the last session.
 */
export class UdpPort {
  readonly address: SocketAddress;
  readonly #context: EngineContext;
  readonly #sessions = new AddressMap<UdpSession>();
  readonly #pause: FlowWait;
  #socket: Deno.DatagramConn;
  #state: "listening" | "lingering" | "closed" = "lingering";
  #shared: boolean;
  #rebound: PromiseWithResolvers<void> | null = null;
  /** Resolves when the socket is closed and its port free. */
  readonly done: Promise<void>;

  /**
   * @param shared whether another socket of ours has this port on another address
   * @throws {Error} as the system reports it
   */
  constructor(context: EngineContext, address: SocketAddress, shared: boolean) {
    this.#context = context;
    this.#shared = shared;
    this.#pause = new FlowWait(context.clock);
    this.#socket = bind(address, shared);
    const { addr } = this.#socket;
    if (addr.transport !== "udp") throw new Error("not a UDP socket");
    this.address = socketAddress(addr);
    this.done = this.#run();
  }

  /** `listening` takes new flows, `lingering` has only its sessions left, `closed` is about to free its port. */
  get state(): "listening" | "lingering" | "closed" {
    return this.#state;
  }

  /** Begins to take new flows. */
  listen(spec: ListenerSpec): Listener {
    this.#state = "listening";
    let open = true;
    const close = () => {
      if (open) this.close();
      open = false;
    };
    return { spec, address: this.address, close };
  }

  /** Takes no new flows any more. */
  close(): void {
    if (this.#state === "listening") this.#state = "lingering";
    this.#closeIfUnused();
  }

  /**
   * Binds the socket again so that another one can have the same port on another address. Only then SO_REUSEADDR is
   * set: with it, any program of this machine may bind the port as well and take the datagrams.
   *
   * @throws {Error} when that fails at first; it is tried again until the port is back or of no more use
   */
  async share(): Promise<void> {
    if (!this.#shared) {
      this.#shared = true;
      this.#rebound = Promise.withResolvers();
      this.#socket.close();
    }
    await this.#rebound?.promise;
  }

  async #run(): Promise<void> {
    await this.#receive();
    while (this.#rebound !== null) {
      const rebound = this.#rebound;
      this.#rebound = null;
      if (await this.#bindAgain(rebound)) await this.#receive();
    }
  }

  /**
   * Binds the socket that was closed for {@linkcode UdpPort.share}. Another program may have taken the port meanwhile,
   * or the last descriptor: then whoever waits is told, and the port is tried for until it is to be had.
   *
   * @returns false when it has come out of use
   */
  async #bindAgain({ resolve, reject }: PromiseWithResolvers<void>): Promise<boolean> {
    const { clock } = this.#context;
    for (let attempt = 1; this.#state !== "closed"; attempt++) {
      try {
        this.#socket = bind(this.address, true);
        resolve();
        return true;
      } catch (error) {
        if (attempt === 1) this.#reportLoss(error);
        reject(error);
        await this.#pause.until(() => false, clock.now() + ACCEPT_PAUSE);
      }
    }
    resolve();
    return false;
  }

  /** Receives until the socket is closed. */
  async #receive(): Promise<void> {
    const { slots, clock } = this.#context;
    let slot = slots.take();
    for (;;) {
      try {
        const [data, from] = await this.#socket.receive(slot);
        if (from.transport === "udp" && this.#deliver(data, from, slot)) slot = slots.take();
      } catch (error) {
        if (isOwnClose(error)) break;
        // Some systems report here what became of a datagram that was sent. Nothing may make this loop a busy one.
        await this.#pause.until(() => false, clock.now() + ACCEPT_PAUSE);
      }
    }
    slots.give(slot);
  }

  /** Returns whether the slot was kept. */
  #deliver(data: Uint8Array, from: Deno.NetAddr, slot: Uint8Array): boolean {
    const session = this.#sessions.get(from.hostname, from.port) ?? this.#begin(from);
    return session?.deliver(data, slot) ?? false;
  }

  #begin(from: Deno.NetAddr): UdpSession | null {
    const { snapshot, ledger, udpLimit, events } = this.#context;
    // An IPv6 listener is for IPv6 alone, but Deno cannot bind it so (no IPV6_V6ONLY).
    if (this.#state !== "listening" || isIpv4Mapped(from.hostname)) return null;
    if (admitUdp(snapshot, ledger.active("udp")) !== null) {
      udpLimit.turnedAway(snapshot.udpMaxConnections);
      return null;
    }
    try {
      const session = this.#createSession(from);
      this.#sessions.set(from.hostname, from.port, session);
      return session;
    } catch (error) {
      const message = `A datagram to "${formatHostPort(this.address)}" met a fault of the proxy`;
      events.notice({ event: "flow_fault", message, listener: this.address, error });
      return null;
    }
  }

  #createSession(from: Deno.NetAddr): UdpSession {
    const { snapshot, flowIds, ech } = this.#context;
    const init = {
      snapshot,
      peer: socketAddress(from),
      local: this.address,
      seed: randomSeed(),
    };
    return new UdpSession({
      context: this.#context,
      flow: new UdpFlow(init, flowIds, ech.udpBudget),
      listener: this.address,
      reply: (data) => this.#socket.send(data, from),
      onEnd: () => {
        this.#sessions.delete(from.hostname, from.port);
        this.#closeIfUnused();
      },
    });
  }

  #closeIfUnused(): void {
    if (this.#state !== "lingering" || this.#sessions.size > 0) return;
    this.#state = "closed";
    closeQuietly(this.#socket);
    this.#pause.cut();
  }

  #reportLoss(error: unknown): void {
    const message = `Cannot listen on udp "${formatHostPort(this.address)}" for now: trying again`;
    this.#context.events.notice({
      event: "listener_failed",
      message,
      listener: this.address,
      error,
    });
  }
}

function bind(address: SocketAddress, shared: boolean): Deno.DatagramConn {
  const { host: hostname, port } = address;
  return Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress: shared });
}
