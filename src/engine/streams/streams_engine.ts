/**
 * The engine that runs everywhere Deno does: `Deno.listen` and `Deno.listenDatagram`, in one thread.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { ListenerSpec, Snapshot } from "../../model/snapshot.ts";
import { flowIdMemory, FlowIdTable } from "../../pipeline/flow_id_table.ts";
import { randomSeed } from "../random_seed.ts";
import { Timer } from "../timer_wheel.ts";
import type { DrainReport, Engine, EngineOptions, EngineStats, Listener } from "../engine.ts";
import { AcceptPause } from "../accept_pause.ts";
import { BufferPool } from "../buffer_pool.ts";
import { DatagramSlots } from "./datagram_slots.ts";
import { echResources } from "../ech_resources.ts";
import { EngineClock } from "./engine_clock.ts";
import type { EngineContext } from "./engine_context.ts";
import { FlowLedger } from "../flow_ledger.ts";
import { LimitNotice } from "../limit_notice.ts";
import { targetLookUp } from "../target_look_up.ts";
import { isNoIpv6 } from "./sys_errors.ts";
import { TcpListener } from "./tcp_listener.ts";
import { UdpPort } from "./udp_port.ts";

/**
 * Needs no permission but net: for its listen addresses, for its targets, and for `0.0.0.0:0` and `[::]:0` towards UDP
 * targets.
 */
export class StreamsEngine implements Engine {
  readonly name = "streams";
  readonly #clock = new EngineClock();
  readonly #ledger: FlowLedger;
  readonly #options: EngineOptions;
  readonly #tcp = new Set<TcpListener>();
  readonly #udp = new Set<UdpPort>();
  #context: EngineContext | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#ledger = new FlowLedger(options.events);
  }

  publish(snapshot: Snapshot): void {
    if (this.#context === null) this.#context = this.#createContext(snapshot);
    else this.#context.snapshot = snapshot;
  }

  async listen(spec: ListenerSpec): Promise<Listener> {
    const context = this.#context;
    if (context === null) throw new Error("publish() must be called before listen()");
    try {
      return spec.transport === "tcp"
        ? await this.#listenTcp(context, spec)
        : await this.#listenUdp(context, spec);
    } catch (error) {
      if (isNoIpv6(error)) throw new Error("this system has no IPv6", { cause: error });
      throw error;
    }
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    for (const listener of [...this.#tcp, ...this.#udp]) listener.close();
    const open = this.#ledger.size;
    let cut = 0;
    const deadline = new Timer(() => cut = this.#ledger.cutAll());
    if (timeoutMs <= 0) cut = this.#ledger.cutAll();
    else this.#clock.arm(deadline, this.#clock.now() + timeoutMs);
    await this.#ledger.empty();
    this.#clock.disarm(deadline);
    await Promise.all([...this.#tcp, ...this.#udp].map(({ done }) => done));
    return { finished: open - cut, cut };
  }

  stats(): EngineStats {
    return this.#ledger.stats(this.#clock.armed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
  }

  async #listenTcp(context: EngineContext, spec: ListenerSpec): Promise<Listener> {
    const neighbours = [...this.#tcp].filter(({ address }) => address.port === spec.address.port);
    // A socket that was closed holds its port until its loop has ended.
    const closed = neighbours.filter((neighbour) => neighbour.closed);
    await Promise.all(closed.map(({ done }) => done));

    const open = neighbours.filter((neighbour) => !neighbour.closed);
    const shared = inTheWay(open, spec.address.host).length > 0;
    const listener = new TcpListener(context, spec, shared);
    this.#tcp.add(listener);
    listener.done.then(() => this.#tcp.delete(listener));
    return listener;
  }

  async #listenUdp(context: EngineContext, spec: ListenerSpec): Promise<Listener> {
    const { host, port } = spec.address;
    const neighbours = [...this.#udp].filter(({ address }) => address.port === port);
    const closed = neighbours.filter(({ state }) => state === "closed");
    await Promise.all(closed.map(({ done }) => done));

    const open = neighbours.filter(({ state }) => state !== "closed");
    const own = open.find(({ address, state }) => address.host === host && state === "lingering");
    if (own !== undefined) return own.listen(spec);
    const sharing = inTheWay(open, host);
    await Promise.all(sharing.map((neighbour) => neighbour.share()));
    const udpPort = new UdpPort(context, spec.address, sharing.length > 0);
    this.#udp.add(udpPort);
    udpPort.done.then(() => this.#udp.delete(udpPort));
    return udpPort.listen(spec);
  }

  #createContext(snapshot: Snapshot): EngineContext {
    const { events, resolver } = this.#options;
    const clock = this.#clock;
    return {
      clock,
      ledger: this.#ledger,
      buffers: new BufferPool(),
      slots: new DatagramSlots(),
      acceptPause: new AcceptPause(events),
      tcpLimit: new LimitNotice(events, clock, "tcp"),
      udpLimit: new LimitNotice(events, clock, "udp"),
      events,
      resolver,
      lookUp: targetLookUp(resolver),
      flowIds: new FlowIdTable(flowIdMemory([randomSeed(), randomSeed()])),
      ech: echResources(events, clock, this.#ledger),
      snapshot,
    };
  }
}

/**
 * Those of our sockets on one port beside which `host` can be bound only if they share the port. With the same address
 * among them there are none: the system is to say that it is taken.
 */
function inTheWay<Socket extends { readonly address: SocketAddress }>(
  neighbours: readonly Socket[],
  host: string,
): readonly Socket[] {
  if (neighbours.some(({ address }) => address.host === host)) return [];
  return neighbours.filter(({ address }) =>
    covers(address.host, host) || covers(host, address.host)
  );
}

/** Whether a socket on one address takes what is for the other: `::` is for both families where Deno binds it. */
function covers(wildcard: string, host: string): boolean {
  return wildcard === "::" || (wildcard === "0.0.0.0" && host.includes("."));
}
