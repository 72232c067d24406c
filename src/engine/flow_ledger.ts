/**
 * The books of an engine: every flow is opened once and closed once here.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { EndReason, FlowEnd, FlowFacts, FlowOutcome, FlowRecord } from "../model/flow.ts";
import type { Transport } from "../model/protocol.ts";
import type { EngineEvents, EngineStats } from "./engine.ts";

/** A flow that can be ended from outside. Its entry must be closed soon after. */
export interface Cuttable {
  cut(): void;
}

/** Where a ledger's flows get their numbers from: several ledgers of one process must not give the same twice. */
export interface FlowNumbers {
  readonly first: number;
  readonly step: number;
}

/** Flows of one engine, or of one of its workers: who lives, what was moved, how they ended. */
export class FlowLedger {
  readonly #events: EngineEvents;
  readonly #live = new Map<FlowEntry, Cuttable>();
  readonly #ended: Partial<Record<EndReason, number>> = {};
  readonly #active: Record<Transport, number> = { tcp: 0, udp: 0 };
  readonly #step: number;
  #nextId: number;
  #onEmpty: (() => void)[] = [];

  /** Payload bytes of all flows so far; counted by their entries. */
  bytesUp = 0;
  bytesDown = 0;
  /** Counted by the TCP listeners: connections accepted, those that were turned away included. */
  tcpAccepted = 0;
  /** Counted by the UDP sessions. */
  udpSessions = 0;
  udpUndecided = 0;
  heldDatagramBytes = 0;
  datagramsLost = 0;
  /** Counted by their entries, but for hellos that were not tried: those are counted by the budget of tries. */
  echAccepted = 0;
  echRejected = 0;
  echGrease = 0;
  echFaults = 0;
  echLimited = 0;

  constructor(events: EngineEvents, numbers: FlowNumbers = { first: 1, step: 1 }) {
    this.#events = events;
    this.#nextId = numbers.first;
    this.#step = numbers.step;
  }

  /** Flows that are open. */
  active(transport: Transport): number {
    return this.#active[transport];
  }

  /** Opens an entry, to be closed exactly once with {@linkcode FlowEntry.close}. */
  open(transport: Transport, listener: SocketAddress, flow: Cuttable): FlowEntry {
    const entry = new FlowEntry(this.#nextId, transport, listener, this);
    this.#nextId += this.#step;
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

  /** For {@linkcode FlowEntry.started}. */
  reportStart(record: FlowRecord): void {
    this.#countEch(record);
    this.#events.flowStarted(record);
  }

  /** For {@linkcode FlowEntry.close}: strikes the entry off, then reports the end of the flow. */
  strikeOff(entry: FlowEntry, record: FlowRecord, end: FlowEnd): void {
    const { reason } = end.outcome;
    if (!entry.hasStarted) this.#countEch(record);
    if (reason === "ech_fault" || reason === "ech_unserved") this.echFaults++;
    this.#live.delete(entry);
    this.#active[record.transport]--;
    this.#ended[reason] = (this.#ended[reason] ?? 0) + 1;
    if (this.#live.size === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
    this.#events.flowFinished(record, end);
  }

  /** Once for each flow: when it starts, or else when it ends. */
  #countEch({ ech }: FlowRecord): void {
    if (ech?.status === "accepted") this.echAccepted++;
    else if (ech?.status === "rejected") this.echRejected++;
    else if (ech?.status === "grease") this.echGrease++;
  }

  stats(timers: number): EngineStats {
    return {
      tcpActive: this.#active.tcp,
      udpActive: this.#active.udp,
      tcpAccepted: this.tcpAccepted,
      udpSessions: this.udpSessions,
      udpUndecided: this.udpUndecided,
      heldDatagramBytes: this.heldDatagramBytes,
      datagramsLost: this.datagramsLost,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
      echAccepted: this.echAccepted,
      echRejected: this.echRejected,
      echGrease: this.echGrease,
      echFaults: this.echFaults,
      echLimited: this.echLimited,
      timers,
      ended: { ...this.#ended },
    };
  }
}

/** One flow in the books. The bytes are counted by whoever moves them. */
export class FlowEntry {
  readonly #id: number;
  readonly #transport: Transport;
  readonly #listener: SocketAddress;
  readonly #startedAt = Date.now();
  readonly #openedAt = performance.now();
  readonly #ledger: FlowLedger;
  #bytesUp = 0;
  #bytesDown = 0;
  #hasStarted = false;

  constructor(id: number, transport: Transport, listener: SocketAddress, ledger: FlowLedger) {
    this.#id = id;
    this.#transport = transport;
    this.#listener = listener;
    this.#ledger = ledger;
  }

  /** Counts payload bytes from the client to the target. */
  countUp(bytes: number): void {
    this.#bytesUp += bytes;
    this.#ledger.bytesUp += bytes;
  }

  /** Counts payload bytes from the target to the client. */
  countDown(bytes: number): void {
    this.#bytesDown += bytes;
    this.#ledger.bytesDown += bytes;
  }

  /** Whether it was reported that the flow is about to be relayed. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Reports that the flow is about to be relayed. */
  started(facts: FlowFacts): void {
    this.#hasStarted = true;
    this.#ledger.reportStart(this.#record(facts));
  }

  /** Closes the entry and reports the end of the flow. */
  close(facts: FlowFacts, outcome: FlowOutcome): void {
    this.#ledger.strikeOff(this, this.#record(facts), {
      outcome,
      durationMs: performance.now() - this.#openedAt,
      bytesUp: this.#bytesUp,
      bytesDown: this.#bytesDown,
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
