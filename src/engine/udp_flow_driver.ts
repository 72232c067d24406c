/**
 * The life of one UDP flow, the same for every engine: what the flow decides, what waits meanwhile, deadlines, books.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { ErrorCode } from "../model/errors.ts";
import type {
  DatagramFilter,
  FlowOutcome,
  UdpDrop,
  UdpFlowAction,
  UdpFlowEvent,
} from "../model/flow.ts";
import { MAX_HELD_DATAGRAM_BYTES_TOTAL, UDP_PROBE_TIMEOUT } from "../model/limits.ts";
import type { Target } from "../model/snapshot.ts";
import type { FlowIdLearner } from "../pipeline/flow_ids.ts";
import type { UdpFlow } from "../pipeline/udp_flow.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents } from "./engine.ts";
import type { Cuttable, FlowEntry, FlowLedger } from "./flow_ledger.ts";
import { HeldDatagrams } from "./held_datagrams.ts";
import type { TargetLookUp } from "./target_look_up.ts";
import { Timer } from "./timer_wheel.ts";

/** The decision to forward. */
export type UdpForward = Extract<UdpFlowAction, { readonly kind: "forward" }>;

/** What an engine does for a flow: it moves the datagrams, and counts their bytes in the flow's entry. */
export interface UdpFlowTransport {
  /** Opens the way to the target. Returns why that cannot be, null when it is open. */
  open(forward: UdpForward): ErrorCode | null;
  /** Sends a datagram that was held, or filtered, to the target, and may keep it. Called only while the way is open. */
  sendHeld(data: Uint8Array<ArrayBuffer>): void;
  /** Sends a datagram of the proxy's own to the client, and may keep it. What becomes of it ends no flow. */
  reply(data: Uint8Array<ArrayBuffer>): void;
  /** Called once, when the flow is over: frees what it has, and calls `closed` when no byte will be counted any more. */
  end(closed: () => void): void;
}

/** What a driver is made of. */
export interface UdpFlowDriverOptions {
  readonly flow: Pick<UdpFlow, "next" | "facts" | "learner">;
  readonly listener: SocketAddress;
  readonly transport: UdpFlowTransport;
  readonly clock: Clock;
  readonly ledger: FlowLedger;
  readonly lookUp: TargetLookUp;
  readonly events: EngineEvents;
}

/** Does what a {@linkcode UdpFlow} asks for until it is decided, then watches over its idle time. Never waits. */
export class UdpFlowDriver implements Cuttable {
  /** Where the transport counts what it has moved. */
  readonly entry: FlowEntry;
  readonly #options: UdpFlowDriverOptions;
  readonly #held: HeldDatagrams;
  readonly #timer = new Timer(() => this.#onTimer());
  #state: "sniffing" | "resolving" | "open" | "ended" = "sniffing";
  #filter: DatagramFilter | null = null;
  /** What of the bytes that the filter holds is in the ledger, and how long it may hold them. */
  #filterBytes = 0;
  #filterDeadline = Infinity;
  #learner: FlowIdLearner | null = null;
  #lookUps = 0;
  #idleMs = 0;
  #lastFromClient = 0;

  constructor(options: UdpFlowDriverOptions) {
    this.#options = options;
    const { ledger, listener } = options;
    this.#held = new HeldDatagrams(ledger);
    this.entry = ledger.open("udp", listener, this);
    ledger.udpUndecided++;
  }

  /** Whether datagrams go to the target as they are, but for those that a filter sees. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether there is a filter to be asked. */
  get isFiltered(): boolean {
    return this.#filter !== null;
  }

  /** Whether a datagram of an open flow is to be delivered all the same, by its first byte. */
  sees(first: number | undefined): boolean {
    return this.#filter !== null && this.#filter.sees(first);
  }

  /**
   * Takes a datagram from the client; the view is only read during the call.
   *
   * @returns whether the flow is open, so that the caller is to send the datagram to the target as it is
   */
  deliver(data: Uint8Array): boolean {
    switch (this.#state) {
      case "open":
        return this.#pass(data);
      case "sniffing":
        return this.#classify(data);
      case "resolving":
        this.#held.hold(data);
        return false;
      case "ended":
        return false;
    }
  }

  /** Notes that the client has sent: for an engine that does not show datagrams of an open flow. */
  touch(): void {
    this.#lastFromClient = this.#options.clock.now();
  }

  /**
   * Shows a datagram of the target before it is sent on: what the target gives its client to be known by is learned from
   * it. For nearly all datagrams, that is a look at the first byte.
   */
  observe(bytes: Uint8Array, start: number, end: number): void {
    if (this.#learner === null || !this.#learner.isOfUse(bytes[start])) return;
    this.#learner.learn(bytes.subarray(start, end), this.#options.clock.now());
  }

  /** Ends the flow at once, as a drain does. */
  cut(): void {
    this.end({ reason: "drained" });
  }

  /** Ends the flow for a fault of the proxy's own, and tells of it. */
  fail(error: unknown): void {
    const { events, flow, listener } = this.#options;
    const message =
      `A UDP flow from "${flow.facts().source.host}" met a fault of the proxy and was dropped`;
    events.notice({ event: "flow_fault", message, listener, error });
    this.end({ reason: "error" });
  }

  /** Ends the flow. Harmless when it has ended. */
  end(outcome: FlowOutcome): void {
    if (this.#state === "ended") return;
    const { clock, ledger, flow, transport } = this.#options;
    if (this.#state === "sniffing" || this.#state === "resolving") ledger.udpUndecided--;
    this.#state = "ended";
    clock.disarm(this.#timer);
    this.#held.release();
    this.#filter = null;
    this.#countHeld(0);
    transport.end(() => this.entry.close(flow.facts(), outcome));
  }

  #classify(data: Uint8Array): boolean {
    // The flow sees a datagram before it is copied: most flows are decided by their first one, which is then not held,
    // and may be larger than what can be.
    const { all } = this.#held;
    if (all.length > 0 && !this.#held.fits(data)) return false;
    this.#advance({ kind: "datagrams", held: [...all, data] });
    if (this.isOpen) return this.#pass(data);
    if (!this.#isEnded() && !this.#held.hold(data)) this.end({ reason: "limit" });
    return false;
  }

  #advance(event: UdpFlowEvent): void {
    const { clock, flow } = this.#options;
    try {
      this.#perform(flow.next(event, clock.now()));
    } catch (error) {
      this.fail(error);
    }
  }

  #perform(action: UdpFlowAction): void {
    switch (action.kind) {
      case "wait":
        return this.#options.clock.arm(this.#timer, action.deadline);
      case "resolve":
        return this.#resolve(action.target, action.deadline);
      case "forward":
        return this.#open(action);
      case "drop":
        return this.#drop(action);
    }
  }

  #drop({ reply, outcome }: UdpDrop): void {
    if (reply !== undefined) this.#options.transport.reply(reply);
    this.end(outcome);
  }

  #resolve(target: Target, deadline: number): void {
    const { lookUp, clock } = this.#options;
    this.#state = "resolving";
    const known = lookUp.peek(target);
    if (known !== null) return this.#advance({ kind: "resolved", addresses: known });
    clock.arm(this.#timer, deadline);
    const ticket = ++this.#lookUps;
    lookUp.lookUp(target, (result) => {
      // The deadline may have passed: the flow has ended then, or asked for another name.
      if (this.#state !== "resolving" || this.#lookUps !== ticket) return;
      if (result.kind === "resolved") {
        this.#advance({ kind: "resolved", addresses: result.addresses });
      } else this.#advance({ kind: "resolveFailed", error: result.error });
    });
  }

  #open(forward: UdpForward): void {
    const { clock, ledger, flow, transport } = this.#options;
    const error = transport.open(forward);
    if (error !== null) return this.end({ reason: "connect_failed", error });
    this.#filter = forward.filter ?? null;
    this.#state = "open";
    ledger.udpUndecided--;
    ledger.udpSessions++;
    this.entry.started(flow.facts());
    this.#learner = flow.learner();

    this.#idleMs = forward.idleMs;
    this.touch();
    clock.disarm(this.#timer);
    this.#arm();
    for (const data of this.#held.release()) {
      // What was sent before may have told that nobody is there.
      if (!this.#isEnded() && this.#pass(data)) transport.sendHeld(data);
    }
  }

  /** Shows a datagram of an open flow to the filter, if that is to see it. Returns whether it goes out as it is. */
  #pass(data: Uint8Array): boolean {
    const filter = this.#filter;
    if (filter === null || !filter.sees(data[0])) {
      this.touch();
      return true;
    }
    try {
      const filtered = filter.push(data);
      // What does not pass does not keep the flow alive either: it may be for another target.
      if (filtered.length > 0) this.touch();
      for (const one of filtered) if (!this.#isEnded()) this.#options.transport.sendHeld(one);
      this.#heed(filter);
    } catch (error) {
      this.fail(error);
    }
    return false;
  }

  /** Does what a filter asks for besides. */
  #heed(filter: DatagramFilter): void {
    if (this.#isEnded()) return;
    if (filter.drop !== null) return this.#drop(filter.drop);
    const wasHolding = this.#filterBytes > 0;
    this.#countHeld(filter.heldBytes);
    if (this.#options.ledger.heldDatagramBytes > MAX_HELD_DATAGRAM_BYTES_TOTAL) {
      return this.#forgetHeld(filter);
    }
    if (wasHolding || this.#filterBytes === 0) return;
    this.#filterDeadline = this.#options.clock.now() + UDP_PROBE_TIMEOUT;
    this.#arm();
  }

  #forgetHeld(filter: DatagramFilter): void {
    filter.forgetHeld();
    this.#countHeld(filter.heldBytes);
  }

  #countHeld(bytes: number): void {
    this.#options.ledger.heldDatagramBytes += bytes - this.#filterBytes;
    this.#filterBytes = bytes;
    if (bytes === 0) this.#filterDeadline = Infinity;
  }

  /** Arms the timer of an open flow. */
  #arm(): void {
    const idle = this.#idleMs === 0 ? Infinity : this.#lastFromClient + this.#idleMs;
    const deadline = Math.min(idle, this.#filterDeadline);
    if (deadline !== Infinity) this.#options.clock.arm(this.#timer, deadline);
  }

  #onTimer(): void {
    if (this.#state === "sniffing") {
      return this.#advance({ kind: "timeout", held: this.#held.all });
    }
    if (this.#state === "resolving") {
      return this.#advance({ kind: "resolveFailed", error: "name_not_resolved" });
    }
    // The timer is not touched for every datagram: what came meanwhile is seen here.
    const now = this.#options.clock.now();
    const idle = now - this.#lastFromClient;
    if (this.#idleMs > 0 && idle >= this.#idleMs) return this.end({ reason: "idle" });
    if (this.#filter !== null && now >= this.#filterDeadline) this.#forgetHeld(this.#filter);
    else {
      this.#learner?.refresh(now);
      this.#filter?.rest();
    }
    this.#arm();
  }

  /** Asked in words that the type checker does not follow: a call may have changed the state. */
  #isEnded(): boolean {
    return this.#state === "ended";
  }
}
