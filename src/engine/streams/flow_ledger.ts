/**
 * The books of an engine: every flow is opened once and closed once here.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { EndReason, FlowFacts, FlowOutcome, FlowRecord } from "../../model/flow.ts";
import type { Transport } from "../../model/protocol.ts";
import type { EngineEvents, EngineStats } from "../engine.ts";

/** A flow that can be ended from outside. Its entry must be closed soon after. */
export interface Cuttable {
  cut(): void;
}

/** Flows of one engine: who lives, what was moved, how they ended. */
export class FlowLedger {
  readonly #events: EngineEvents;
  readonly #live = new Map<FlowEntry, Cuttable>();
  readonly #ended: Partial<Record<EndReason, number>> = {};
  readonly #active: Record<Transport, number> = { tcp: 0, udp: 0 };
  #opened = 0;
  #closedBytesUp = 0;
  #closedBytesDown = 0;
  #onEmpty: (() => void)[] = [];

  /** Counted by the TCP listeners: connections accepted, those that were turned away included. */
  tcpAccepted = 0;
  /** Counted by the UDP sessions. */
  udpSessions = 0;
  udpUndecided = 0;
  heldDatagramBytes = 0;

  constructor(events: EngineEvents) {
    this.#events = events;
  }

  /** Flows that are open. */
  active(transport: Transport): number {
    return this.#active[transport];
  }

  /** Opens an entry, to be closed exactly once with {@linkcode FlowEntry.close}. */
  open(transport: Transport, listener: SocketAddress, flow: Cuttable): FlowEntry {
    const entry = new FlowEntry(++this.#opened, transport, listener, this.#events, (outcome) => {
      this.#live.delete(entry);
      this.#active[transport]--;
      this.#closedBytesUp += entry.bytesUp;
      this.#closedBytesDown += entry.bytesDown;
      this.#ended[outcome.reason] = (this.#ended[outcome.reason] ?? 0) + 1;
      if (this.#live.size === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
    });
    this.#live.set(entry, flow);
    this.#active[transport]++;
    return entry;
  }

  /** Flows of both transports that are open. */
  get size(): number {
    return this.#live.size;
  }

  /** Resolves when no flow is open. */
  async empty(): Promise<void> {
    if (this.#live.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Cuts all flows that are open, and tells how many. */
  cutAll(): number {
    const flows = [...this.#live.values()];
    for (const flow of flows) flow.cut();
    return flows.length;
  }

  stats(timers: number): EngineStats {
    let bytesUp = this.#closedBytesUp;
    let bytesDown = this.#closedBytesDown;
    for (const entry of this.#live.keys()) {
      bytesUp += entry.bytesUp;
      bytesDown += entry.bytesDown;
    }
    return {
      tcpActive: this.#active.tcp,
      udpActive: this.#active.udp,
      tcpAccepted: this.tcpAccepted,
      udpSessions: this.udpSessions,
      udpUndecided: this.udpUndecided,
      heldDatagramBytes: this.heldDatagramBytes,
      bytesUp,
      bytesDown,
      timers,
      ended: { ...this.#ended },
    };
  }
}

/** One flow in the books. The bytes are counted by whoever moves them. */
export class FlowEntry {
  bytesUp = 0;
  bytesDown = 0;
  readonly #id: number;
  readonly #transport: Transport;
  readonly #listener: SocketAddress;
  readonly #startedAt = Date.now();
  readonly #openedAt = performance.now();
  readonly #events: EngineEvents;
  readonly #onClose: (outcome: FlowOutcome) => void;

  constructor(
    id: number,
    transport: Transport,
    listener: SocketAddress,
    events: EngineEvents,
    onClose: (outcome: FlowOutcome) => void,
  ) {
    this.#id = id;
    this.#transport = transport;
    this.#listener = listener;
    this.#events = events;
    this.#onClose = onClose;
  }

  /** Reports that the flow is about to be relayed. */
  started(facts: FlowFacts): void {
    this.#events.flowStarted(this.#record(facts));
  }

  /** Closes the entry and reports the end of the flow. */
  close(facts: FlowFacts, outcome: FlowOutcome): void {
    this.#onClose(outcome);
    this.#events.flowFinished(this.#record(facts), {
      outcome,
      durationMs: performance.now() - this.#openedAt,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
    });
  }

  #record(facts: FlowFacts): FlowRecord {
    return {
      ...facts,
      id: this.#id,
      transport: this.#transport,
      listener: this.#listener,
      startedAt: this.#startedAt,
    };
  }
}
