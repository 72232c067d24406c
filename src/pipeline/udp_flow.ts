/**
 * What becomes of one UDP flow until its session is open: sniffing, routing, ECH, resolving.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { EchFacts } from "../model/ech.ts";
import type { ErrorCode } from "../model/errors.ts";
import type {
  DatagramFilter,
  EndReason,
  FlowFacts,
  FlowInit,
  TargetFailure,
  UdpFlowAction,
  UdpFlowEvent,
} from "../model/flow.ts";
import { MAX_HELD_DATAGRAMS, UDP_PROBE_TIMEOUT } from "../model/limits.ts";
import type { Detected } from "../model/protocol.ts";
import type { Service, Target } from "../model/snapshot.ts";
import { ConnectPlan, type ConnectStep, transparentSource, withFailure } from "./connect_plan.ts";
import type { EchBudget } from "./ech_budget.ts";
import { decideEchQuic, followHidden, hasWholeHello } from "./ech_quic.ts";
import { findKnownFlow, FlowIdLearner, type KnownFlow } from "./flow_ids.ts";
import type { FlowIdTable } from "./flow_id_table.ts";
import type { KnownRoute } from "./known_routes.ts";
import { findNamedRoute } from "./routable_ids.ts";
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
  readonly #ids: FlowIdTable | null;
  readonly #budget: EchBudget | null;
  /** Null once the flow is decided: a sniffer holds what it has decrypted, and this object lives as long as the session. */
  #sniffer: UdpSniffer | null;
  #state: State = "new";
  #probeDeadline = 0;
  /** Whether what came until then was not enough. */
  #isLate = false;

  #detected: Detected | null = null;
  #service: Service | null = null;
  #plan: ConnectPlan | null = null;
  #echFacts: EchFacts | null = null;
  #filter: DatagramFilter | null = null;
  #target: Target | null = null;
  #address: SocketAddress | null = null;
  #failures: readonly TargetFailure[] | null = null;

  /**
   * @param ids what flows are known by beside their address; null: nothing
   * @param budget of hellos with ECH that cannot be opened; null: without bounds
   */
  constructor(init: FlowInit, ids: FlowIdTable | null = null, budget: EchBudget | null = null) {
    this.#init = init;
    this.#ids = ids;
    this.#budget = budget;
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
        return this.#continue(event.held, now) ?? this.#classify(event.held, now);
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
      ...(this.#echFacts !== null && { ech: this.#echFacts }),
    };
  }

  /** Learns what the flow can be known by when its client moves; null where it cannot. For when it is forwarded. */
  learner(): FlowIdLearner | null {
    const [table, protocol] = [this.#ids, this.#detected?.protocol];
    if (table === null || (protocol !== "quic" && protocol !== "wireguard")) return null;
    const [service, target, address] = [this.#service, this.#target, this.#address];
    if (service === null || target === null || address === null) return null;
    return new FlowIdLearner(table, { protocol, service, target, address });
  }

  #onSniffing(event: UdpFlowEvent, now: number): UdpFlowAction {
    switch (event.kind) {
      case "datagrams":
        return this.#classify(event.held, now);
      case "timeout":
        return this.#settle(event.held, now);
      default:
        throw this.#broken(event.kind);
    }
  }

  /** Goes on with a flow that came from another address so far; null where the first datagram belongs to none. */
  #continue([first]: readonly Uint8Array[], now: number): UdpFlowAction | null {
    if (this.#ids === null || first === undefined) return null;
    const { snapshot, peer } = this.#init;
    const known = findKnownFlow(this.#ids, first, snapshot, peer.host, now);
    if (known === null) return null;
    const { protocol, service, target, address, ech } = known;
    this.#accept(protocol, service);
    if (ech !== undefined) this.#filter = followHidden(ech, service, peer.host);
    const from = transparentSource(service, peer, address);
    return this.#follow({ kind: "connect", target, address, from }, now);
  }

  /** Goes to the backend that a datagram names by itself. */
  #obey({ service, target }: KnownRoute, now: number): UdpFlowAction {
    const { peer, seed } = this.#init;
    this.#accept("quic", service);
    this.#plan = new ConnectPlan({ ...service, targets: [target] }, peer, seed);
    return this.#follow(this.#plan.start(), now);
  }

  #accept(protocol: KnownFlow["protocol"], service: Service): void {
    this.#sniffer = null;
    this.#detected = { protocol, sni: null, alpn: [], ech: false, version: null, consumed: 1 };
    this.#service = service;
  }

  #classify(held: readonly Uint8Array[], now: number): UdpFlowAction {
    if (this.#sniffer === null) throw this.#broken("datagrams");
    const result = this.#sniffer.push(held);
    switch (result.kind) {
      case "needMore":
        return { kind: "wait", deadline: this.#probeDeadline };
      case "match":
        this.#detected = result.detected;
        return this.#choose(held, "dropped", now);
      case "none": {
        const named = this.#namedRoute(held);
        return named === null ? this.#choose(held, "dropped", now) : this.#obey(named, now);
      }
      case "malformed":
        return this.#choose(held, "malformed", now);
    }
  }

  #settle(held: readonly Uint8Array[], now: number): UdpFlowAction {
    this.#isLate = true;
    const result = this.#sniffer?.end(held);
    if (result?.kind !== "match") return this.#choose(held, "probe_timeout", now);
    this.#detected = result.detected;
    return this.#choose(held, "dropped", now);
  }

  #namedRoute([first]: readonly Uint8Array[]): KnownRoute | null {
    const { snapshot, peer } = this.#init;
    return first === undefined ? null : findNamedRoute(first, snapshot, peer.host);
  }

  #choose(held: readonly Uint8Array[], reasonIfNone: EndReason, now: number): UdpFlowAction {
    this.#sniffer = null;
    const { snapshot, peer } = this.#init;
    const { service } = route(snapshot.udp, this.#detected, snapshot.unmatched, peer.host);
    if (service === null) return this.#drop(reasonIfNone);
    return service.ech === undefined || this.#detected === null
      ? this.#connect(service, now)
      : this.#openHello(held, service, this.#detected, now);
  }

  /** Goes on with a flow whose service has ECH keys. */
  #openHello(
    held: readonly Uint8Array[],
    service: Service,
    { ech, sni }: Detected,
    now: number,
  ): UdpFlowAction {
    if (!ech && isKeptFromPublic(service, held, this.#isLate)) return this.#drop("probe_timeout");
    const input = { held, service, host: this.#init.peer.host, budget: this.#budget };
    const decision = ech ? decideEchQuic(input, now) : null;
    if (decision === null) {
      this.#echFacts = { status: "none", publicName: sni, configId: null, innerName: null };
      return this.#connect(service, now);
    }
    this.#echFacts = decision.facts;
    if (decision.kind === "connect") {
      this.#filter = decision.filter;
      return this.#connect(decision.service, now);
    }
    this.#service = service;
    this.#state = "ended";
    return decision.drop;
  }

  #connect(service: Service, now: number): UdpFlowAction {
    const { peer, seed } = this.#init;
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
        const filter = this.#filter;
        this.#filter = null;
        return {
          ...step,
          kind: "forward",
          idleMs: this.#service?.idleMs ?? 0,
          ...(filter !== null && { filter }),
        };
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

/**
 * Whether a hello is not whole, and may have ECH that a public target knows nothing of: its client would take ECH for
 * switched off (RFC 9849 §6.1.6), which anyone on the way could bring about who holds up a part. What it sends again is a
 * new flow.
 */
function isKeptFromPublic({ ech }: Service, held: readonly Uint8Array[], isLate: boolean): boolean {
  if (ech?.onReject.kind !== "refuse") return false;
  return isLate || (held.length === MAX_HELD_DATAGRAMS && !hasWholeHello(held));
}
