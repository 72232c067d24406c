/**
 * An engine without a system: drives the pipeline on a network and a clock in memory.
 *
 * It shares the books, deadlines and held datagrams with the `streams` engine, and moves every byte by itself: what both
 * do alike is what an engine has to do, and what the conformance suite may ask for.
 *
 * @module
 */

import type {
  DrainReport,
  Engine,
  EngineOptions,
  EngineStats,
  Listener,
} from "../../../src/engine/engine.ts";
import { echResources, type EngineEchResources } from "../../../src/engine/ech_resources.ts";
import { FlowLedger } from "../../../src/engine/flow_ledger.ts";
import { LimitNotice } from "../../../src/engine/limit_notice.ts";
import { type TargetLookUp, targetLookUp } from "../../../src/engine/target_look_up.ts";
import { Timer } from "../../../src/engine/timer_wheel.ts";
import type { FlowInit } from "../../../src/model/flow.ts";
import type { SocketAddress } from "../../../src/model/address.ts";
import type { ListenerSpec, Snapshot } from "../../../src/model/snapshot.ts";
import { flowIdMemory, FlowIdTable } from "../../../src/pipeline/flow_id_table.ts";
import { admitTcp } from "../../../src/pipeline/admission.ts";
import { TcpFlow } from "../../../src/pipeline/tcp_flow.ts";
import type { FakeClock } from "./fake_clock.ts";
import { MemoryConnection } from "./memory_connection.ts";
import type { MemoryNetwork, MemorySocket } from "./memory_network.ts";
import { MemoryUdpPort } from "./memory_udp_port.ts";

/** What the parts of the engine share. */
export interface MemoryContext extends EngineOptions {
  readonly network: MemoryNetwork;
  readonly clock: FakeClock;
  readonly ledger: FlowLedger;
  readonly udpLimit: LimitNotice;
  readonly lookUp: TargetLookUp;
  readonly flowIds: FlowIdTable;
  readonly ech: EngineEchResources;
  /** How a flow between these addresses begins under the present snapshot. */
  begin(peer: SocketAddress, local: SocketAddress): FlowInit;
}

/** The engine of {@linkcode MemoryWorld}. */
export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly #context: MemoryContext;
  readonly #tcpLimit: LimitNotice;
  readonly #listeners = new Set<Listener>();
  readonly #udpPorts = new Set<MemoryUdpPort>();
  #snapshot: Snapshot | null = null;
  #flows = 0;

  constructor(options: EngineOptions, network: MemoryNetwork, clock: FakeClock) {
    const { events } = options;
    const ledger = new FlowLedger(events);
    this.#tcpLimit = new LimitNotice(events, clock, "tcp");
    this.#context = {
      ...options,
      network,
      clock,
      ledger,
      udpLimit: new LimitNotice(events, clock, "udp"),
      lookUp: targetLookUp(options.resolver),
      flowIds: new FlowIdTable(flowIdMemory([1, 2])),
      ech: echResources(events, clock, ledger),
      begin: (peer, local) => ({ snapshot: this.#current(), peer, local, seed: this.#flows++ }),
    };
  }

  publish(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
  }

  // deno-lint-ignore require-await -- what it throws has to come as a rejection
  async listen(spec: ListenerSpec): Promise<Listener> {
    this.#current();
    const listener = spec.transport === "tcp" ? this.#listenTcp(spec) : this.#listenUdp(spec);
    this.#listeners.add(listener);
    return listener;
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    const { clock, ledger } = this.#context;
    for (const listener of this.#listeners) listener.close();
    const open = ledger.size;
    let cut = 0;
    const deadline = new Timer(() => cut = ledger.cutAll());
    if (timeoutMs <= 0) deadline.expire();
    else clock.arm(deadline, clock.now() + timeoutMs);
    await clock.wait(ledger.empty());
    clock.disarm(deadline);
    return { finished: open - cut, cut };
  }

  stats(): EngineStats {
    return this.#context.ledger.stats(this.#context.clock.armed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0);
  }

  #listenTcp(spec: ListenerSpec): Listener {
    const bound = this.#context.network.listenTcp(
      spec.address.port,
      (socket) => this.#accept(socket, bound.address),
    );
    let open = true;
    const close = () => {
      if (open) bound[Symbol.dispose]();
      open = false;
    };
    return { spec, address: bound.address, close };
  }

  #listenUdp(spec: ListenerSpec): Listener {
    const { port } = spec.address;
    const lingering = [...this.#udpPorts].find(({ address, listening }) =>
      address.port === port && !listening
    );
    const udpPort = lingering ?? new MemoryUdpPort(this.#context, port, () => {
      this.#udpPorts.delete(udpPort);
    });
    this.#udpPorts.add(udpPort);
    return udpPort.listen(spec);
  }

  #accept(socket: MemorySocket, listener: SocketAddress): void {
    const { ech, ledger } = this.#context;
    ledger.tcpAccepted++;
    const init = this.#context.begin(socket.remote, socket.local);
    const refusal = admitTcp(init.snapshot, init.peer, ledger.active("tcp"));
    const flow = new TcpFlow(init, ech);
    const connection = new MemoryConnection(this.#context, flow, socket, listener);
    if (refusal === null) connection.run();
    else connection.refuse({ reason: refusal });
    if (refusal === "limit") this.#tcpLimit.turnedAway(init.snapshot.tcpMaxConnections);
  }

  #current(): Snapshot {
    if (this.#snapshot === null) throw new Error("publish() must be called before listen()");
    return this.#snapshot;
  }
}
