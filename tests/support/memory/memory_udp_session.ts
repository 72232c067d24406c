/**
 * One UDP flow of the `memory` engine.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import type { Cuttable, FlowEntry } from "../../../src/engine/flow_ledger.ts";
import { HeldDatagrams } from "../../../src/engine/held_datagrams.ts";
import { Timer } from "../../../src/engine/timer_wheel.ts";
import type { FlowOutcome, UdpFlowAction, UdpFlowEvent } from "../../../src/model/flow.ts";
import type { Target } from "../../../src/model/snapshot.ts";
import type { UdpFlow } from "../../../src/pipeline/udp_flow.ts";
import type { MemoryContext } from "./memory_engine.ts";
import type { MemoryUdpSocket } from "./memory_network.ts";

/** What a session is made of. */
export interface MemoryUdpSessionOptions {
  readonly context: MemoryContext;
  readonly flow: UdpFlow;
  readonly listener: SocketAddress;
  readonly reply: (data: Uint8Array) => void;
  readonly onEnd: () => void;
}

/** The datagrams between one client and one port. */
export class MemoryUdpSession implements Cuttable {
  readonly #options: MemoryUdpSessionOptions;
  readonly #entry: FlowEntry;
  readonly #held: HeldDatagrams;
  readonly #timer = new Timer(() => this.#onTimer());
  #state: "sniffing" | "resolving" | "open" | "ended" = "sniffing";
  #upstream: MemoryUdpSocket | null = null;
  #address: SocketAddress | null = null;
  #lookups = 0;
  #idleMs = 0;
  #lastFromClient = 0;

  constructor(options: MemoryUdpSessionOptions) {
    this.#options = options;
    const { ledger } = options.context;
    this.#held = new HeldDatagrams(ledger);
    this.#entry = ledger.open("udp", options.listener, this);
    ledger.udpUndecided++;
  }

  deliver(data: Uint8Array): void {
    switch (this.#state) {
      case "sniffing":
        return this.#classify(data);
      case "resolving":
        this.#held.hold(data);
        return;
      case "open":
        return this.#forward(data);
      case "ended":
        return;
    }
  }

  cut(): void {
    this.#end({ reason: "drained" });
  }

  /** The flow sees a datagram before it is held: one that decides at once may be larger than what can be. */
  #classify(data: Uint8Array): void {
    const { all } = this.#held;
    if (all.length > 0 && !this.#held.fits(data)) return;
    this.#advance({ kind: "datagrams", held: [...all, data] });
    if (this.#is("open")) this.#forward(data);
    else if (!this.#is("ended") && !this.#held.hold(data)) this.#end({ reason: "limit" });
  }

  #advance(event: UdpFlowEvent): void {
    const { context: { clock, events }, flow, listener } = this.#options;
    try {
      this.#perform(flow.next(event, clock.now()));
    } catch (error) {
      events.notice({ event: "flow_fault", message: "A UDP flow met a fault", listener, error });
      this.#end({ reason: "error" });
    }
  }

  #perform(action: UdpFlowAction): void {
    const { clock } = this.#options.context;
    switch (action.kind) {
      case "wait":
        return clock.arm(this.#timer, action.deadline);
      case "resolve":
        return this.#resolve(action.target, action.deadline);
      case "forward":
        return this.#open(action.address, action.idleMs);
      case "drop":
        return this.#end(action.outcome);
    }
  }

  #resolve(target: Target, deadline: number): void {
    const { resolver, clock } = this.#options.context;
    this.#state = "resolving";
    clock.arm(this.#timer, deadline);
    const lookup = ++this.#lookups;
    resolver.resolve(target).then((result) => {
      if (this.#state !== "resolving" || this.#lookups !== lookup) return; // too late
      this.#advance(
        result.kind === "resolved"
          ? { kind: "resolved", addresses: result.addresses }
          : { kind: "resolveFailed", error: result.error },
      );
    });
  }

  #open(address: SocketAddress, idleMs: number): void {
    const { context: { network, ledger }, flow, reply } = this.#options;
    this.#state = "open";
    ledger.udpUndecided--;
    ledger.udpSessions++;
    this.#entry.started(flow.facts());
    this.#address = address;
    this.#idleMs = idleMs;
    this.#upstream = network.bindUdp(0, (data, { host, port }) => {
      if (host !== address.host || port !== address.port) return;
      this.#entry.countDown(data.length);
      reply(data);
    });
    for (const data of this.#held.release()) this.#forward(data);
    this.#armIdle();
  }

  #forward(data: Uint8Array): void {
    this.#lastFromClient = this.#options.context.clock.now();
    if (this.#address === null) return;
    this.#upstream?.send(data, this.#address);
    this.#entry.countUp(data.length);
  }

  #armIdle(): void {
    const idleAt = this.#idleMs === 0 ? Infinity : this.#lastFromClient + this.#idleMs;
    this.#options.context.clock.arm(this.#timer, idleAt);
  }

  #onTimer(): void {
    if (this.#state === "sniffing") return this.#advance({ kind: "timeout" });
    if (this.#state === "resolving") {
      return this.#advance({ kind: "resolveFailed", error: "name_not_resolved" });
    }
    const idle = this.#options.context.clock.now() - this.#lastFromClient;
    if (idle >= this.#idleMs) this.#end({ reason: "idle" });
    else this.#armIdle();
  }

  /** Asks for a state that a call may have changed, which the type checker does not expect. */
  #is(state: "open" | "ended"): boolean {
    return this.#state === state;
  }

  #end(outcome: FlowOutcome): void {
    if (this.#state === "ended") return;
    const { context: { clock, ledger }, flow, onEnd } = this.#options;
    if (this.#state !== "open") ledger.udpUndecided--;
    this.#state = "ended";
    clock.disarm(this.#timer);
    this.#held.release();
    this.#upstream?.[Symbol.dispose]();
    onEnd();
    this.#entry.close(flow.facts(), outcome);
  }
}
