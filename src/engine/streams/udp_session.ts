/**
 * One UDP flow: does what its {@linkcode UdpFlow} asks for, then forwards datagrams both ways.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { FlowOutcome, UdpFlowAction, UdpFlowEvent } from "../../model/flow.ts";
import type { Target } from "../../model/snapshot.ts";
import type { UdpFlow } from "../../pipeline/udp_flow.ts";
import { Timer } from "../timer_wheel.ts";
import { DatagramSender } from "./datagram_sender.ts";
import type { EngineContext } from "./engine_context.ts";
import type { Cuttable, FlowEntry } from "../flow_ledger.ts";
import { HeldDatagrams } from "../held_datagrams.ts";
import { errorCodeOf, isDatagramTransient, isOwnClose } from "./sys_errors.ts";
import { UdpUpstream } from "./udp_upstream.ts";

/** What a session is made of. */
export interface UdpSessionOptions {
  readonly context: EngineContext;
  readonly flow: UdpFlow;
  readonly listener: SocketAddress;
  /** Sends a datagram to the client, from the port that it spoke to. */
  readonly reply: (data: Uint8Array) => Promise<number>;
  /** Called once, when the session is over. */
  readonly onEnd: () => void;
}

/** The datagrams between one client address and one listener. */
export class UdpSession implements Cuttable {
  readonly #options: UdpSessionOptions;
  readonly #entry: FlowEntry;
  readonly #held: HeldDatagrams;
  readonly #timer = new Timer(() => this.#onTimer());
  /** What the flow waits for; `open` when it has decided. */
  #state: "sniffing" | "resolving" | "open" | "ended" = "sniffing";
  #lookups = 0;
  #upstream: UdpUpstream | null = null;
  #up: DatagramSender | null = null;
  #idleMs = 0;
  #lastFromClient = 0;

  constructor(options: UdpSessionOptions) {
    this.#options = options;
    const { ledger } = options.context;
    this.#held = new HeldDatagrams(ledger);
    this.#entry = ledger.open("udp", options.listener, this);
    ledger.udpUndecided++;
  }

  /**
   * Takes a datagram from the client.
   *
   * @returns whether `slot`, the lent buffer that `data` is a part of, was kept
   */
  deliver(data: Uint8Array, slot: Uint8Array): boolean {
    switch (this.#state) {
      case "open":
        this.#lastFromClient = this.#options.context.clock.now();
        return this.#up?.send(data, slot) ?? false;
      case "sniffing":
        return this.#classify(data, slot);
      case "resolving":
        this.#held.hold(data);
        return false;
      case "ended":
        return false;
    }
  }

  /** Ends the session at once. */
  cut(): void {
    this.#end({ reason: "drained" });
  }

  #classify(data: Uint8Array, slot: Uint8Array): boolean {
    // The flow sees a datagram before it is copied: most flows are decided by their first one, which is then not held.
    const isFirst = this.#held.all.length === 0;
    if (!isFirst && !this.#held.fits(data)) return false;
    this.#advance({ kind: "datagrams", held: [...this.#held.all, data] });
    if (this.#is("open")) return this.#up?.send(data, slot) ?? false;
    if (!this.#is("ended") && !this.#held.hold(data)) this.#end({ reason: "limit" });
    return false;
  }

  #advance(event: UdpFlowEvent): void {
    const { context: { clock, events }, flow, listener } = this.#options;
    try {
      this.#perform(flow.next(event, clock.now()));
    } catch (error) {
      const { source } = flow.facts();
      const message = `A UDP flow from "${source.host}" met a fault of the proxy and was dropped`;
      events.notice({ event: "flow_fault", message, listener, error });
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
    const known = resolver.peek(target);
    if (known !== null) return this.#advance({ kind: "resolved", addresses: known });
    clock.arm(this.#timer, deadline);
    const lookup = ++this.#lookups;
    resolver.resolve(target).then((result) => {
      // The deadline may have passed: the flow has ended then, or asked for another name.
      if (this.#state !== "resolving" || this.#lookups !== lookup) return;
      if (result.kind === "resolved") {
        this.#advance({ kind: "resolved", addresses: result.addresses });
      } else this.#advance({ kind: "resolveFailed", error: result.error });
    });
  }

  #open(address: SocketAddress, idleMs: number): void {
    const { context: { clock, slots, ledger }, flow, reply } = this.#options;
    try {
      this.#upstream = new UdpUpstream(slots, address);
    } catch (error) {
      return this.#end({ reason: "connect_failed", error: errorCodeOf(error) });
    }
    const upstream = this.#upstream;
    const entry = this.#entry;
    this.#state = "open";
    ledger.udpUndecided--;
    ledger.udpSessions++;
    entry.started(flow.facts());

    this.#up = new DatagramSender({
      slots,
      transmit: (data) => upstream.send(data),
      onSent: (bytes) => entry.countUp(bytes),
      onError: (error) => this.#onSendError(error, "connect_failed"),
    });
    const down = new DatagramSender({
      slots,
      transmit: reply,
      onSent: (bytes) => entry.countDown(bytes),
      onError: (error) => this.#onSendError(error, "client_reset"),
    });
    upstream.run({
      onReply: (data, slot) => down.send(data, slot),
      onError: (error) => this.#end({ reason: "target_reset", error: errorCodeOf(error) }),
    });
    for (const data of this.#held.release()) this.#up.sendOwned(data);

    this.#idleMs = idleMs;
    this.#lastFromClient = clock.now();
    clock.disarm(this.#timer);
    this.#armIdle();
  }

  #armIdle(): void {
    if (this.#idleMs === 0) return;
    this.#options.context.clock.arm(this.#timer, this.#lastFromClient + this.#idleMs);
  }

  #onTimer(): void {
    if (this.#state === "sniffing") return this.#advance({ kind: "timeout" });
    if (this.#state === "resolving") {
      return this.#advance({ kind: "resolveFailed", error: "name_not_resolved" });
    }
    // The timer is not touched for every datagram: what came meanwhile is seen here.
    const idle = this.#options.context.clock.now() - this.#lastFromClient;
    if (idle >= this.#idleMs) this.#end({ reason: "idle" });
    else this.#armIdle();
  }

  #onSendError(error: unknown, reason: "connect_failed" | "client_reset"): void {
    // A listener's socket is replaced when it comes to share its port: then, too, a datagram is lost and no more.
    if (isDatagramTransient(error) || isOwnClose(error)) return;
    this.#end({ reason, error: errorCodeOf(error) });
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
    this.#up?.clear();
    onEnd();
    const close = () => this.#entry.close(flow.facts(), outcome);
    if (this.#upstream === null) close();
    else this.#upstream.close().then(close);
  }
}
