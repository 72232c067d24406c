/**
 * What becomes of one UDP flow until its session is open: sniffing, routing, resolving.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { ErrorCode } from "../model/errors.ts";
import type {
  EndReason,
  FlowFacts,
  FlowInit,
  TargetFailure,
  UdpFlowAction,
  UdpFlowEvent,
} from "../model/flow.ts";
import { UDP_PROBE_TIMEOUT } from "../model/limits.ts";
import type { Detected } from "../model/protocol.ts";
import type { Service, Target } from "../model/snapshot.ts";
import { ConnectPlan, type ConnectStep, withFailure } from "./connect_plan.ts";
import { route } from "./route.ts";
import { UdpSniffer } from "./sniff.ts";
import { udpSniffPlan } from "./sniff_plan.ts";

type State = "new" | "sniffing" | "resolving" | "ended";

/**
 * How one UDP flow is decided. The first event is `datagrams`; datagrams that come while a name is resolved stay with
 * the engine. Times are milliseconds of any one monotonic clock.
 */
export class UdpFlow {
  readonly #init: FlowInit;
  /** Null once the flow is decided: a sniffer holds what it has decrypted, and this object lives as long as the session. */
  #sniffer: UdpSniffer | null;
  #state: State = "new";
  #probeDeadline = 0;

  #detected: Detected | null = null;
  #service: Service | null = null;
  #plan: ConnectPlan | null = null;
  #target: Target | null = null;
  #address: SocketAddress | null = null;
  #failures: readonly TargetFailure[] | null = null;

  constructor(init: FlowInit) {
    this.#init = init;
    this.#sniffer = new UdpSniffer(udpSniffPlan(init.snapshot.udp));
  }

  /**
   * The action that follows from what has happened.
   *
   * @throws {Error} when the event is no answer to the last action
   */
  next(event: UdpFlowEvent, now: number): UdpFlowAction {
    switch (this.#state) {
      case "new":
        this.#probeDeadline = now + UDP_PROBE_TIMEOUT;
        this.#state = "sniffing";
        if (event.kind !== "datagrams") throw this.#broken(event.kind);
        return this.#classify(event.held, now);
      case "sniffing":
        return this.#onSniffing(event, now);
      case "resolving":
        return this.#onResolving(event, now);
      case "ended":
        throw this.#broken(event.kind);
    }
  }

  /** What is known of the flow by now. */
  facts(): FlowFacts {
    return {
      source: this.#init.peer,
      destination: this.#init.local,
      service: this.#service,
      detected: this.#detected,
      target: this.#target,
      address: this.#address,
      ...(this.#failures !== null && { failures: this.#failures }),
    };
  }

  #onSniffing(event: UdpFlowEvent, now: number): UdpFlowAction {
    switch (event.kind) {
      case "datagrams":
        return this.#classify(event.held, now);
      case "timeout":
        return this.#choose("probe_timeout", now);
      default:
        throw this.#broken(event.kind);
    }
  }

  #classify(held: readonly Uint8Array[], now: number): UdpFlowAction {
    if (this.#sniffer === null) throw this.#broken("datagrams");
    const result = this.#sniffer.push(held);
    switch (result.kind) {
      case "needMore":
        return { kind: "wait", deadline: this.#probeDeadline };
      case "match":
        this.#detected = result.detected;
        return this.#choose("dropped", now);
      case "none":
        return this.#choose("dropped", now);
      case "malformed":
        return this.#choose("malformed", now);
    }
  }

  #choose(reasonIfNone: EndReason, now: number): UdpFlowAction {
    this.#sniffer = null;
    const { snapshot, peer, seed } = this.#init;
    const { service } = route(snapshot.udp, this.#detected, snapshot.unmatched, peer.host);
    if (service === null) return this.#drop(reasonIfNone);
    this.#service = service;
    this.#plan = new ConnectPlan(service, peer, seed);
    return this.#follow(this.#plan.start(), now);
  }

  #follow(step: ConnectStep, now: number): UdpFlowAction {
    switch (step.kind) {
      case "resolve":
        this.#state = "resolving";
        this.#target = step.target;
        return {
          kind: "resolve",
          target: step.target,
          deadline: now + this.#init.snapshot.timeouts.connectMs,
        };
      case "connect": {
        // UDP has no answer to wait for: the first address is the one.
        this.#state = "ended";
        this.#target = step.target;
        this.#address = step.address;
        return { ...step, kind: "forward", idleMs: this.#service?.idleMs ?? 0 };
      }
      case "exhausted":
        return this.#drop("connect_failed", step.error);
    }
  }

  #onResolving(event: UdpFlowEvent, now: number): UdpFlowAction {
    if (this.#plan === null) throw this.#broken(event.kind);
    switch (event.kind) {
      case "resolved":
        return this.#follow(this.#plan.resolved(event.addresses), now);
      case "resolveFailed":
        this.#failures = withFailure(this.#failures, this.#service, this.#target, event.error);
        return this.#follow(this.#plan.failed(event.error), now);
      default:
        throw this.#broken(event.kind);
    }
  }

  #drop(reason: EndReason, error?: ErrorCode): UdpFlowAction {
    this.#state = "ended";
    return { kind: "drop", outcome: error === undefined ? { reason } : { reason, error } };
  }

  #broken(event: string): Error {
    return new Error(`UdpFlow cannot take "${event}" in state "${this.#state}"`);
  }
}
