/**
 * What becomes of one TCP connection: PROXY header, sniffing, routing, connecting, relay.
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
  TcpFlowAction,
  TcpFlowEvent,
} from "../model/flow.ts";
import { MAX_PROXY_HEADER, MAX_TCP_HEAD } from "../model/limits.ts";
import type { Detected } from "../model/protocol.ts";
import type { Service, Snapshot, Target } from "../model/snapshot.ts";
import { encodeProxyHeader, parseProxyHeader, type ProxyHeader } from "../proto/proxy_protocol.ts";
import type { EchResources } from "./ech_budget.ts";
import { ConnectPlan, type ConnectStep, withFailure } from "./connect_plan.ts";
import { route } from "./route.ts";
import { TcpSniffer } from "./sniff.ts";
import { tcpSniffPlan } from "./sniff_plan.ts";

const NOTHING = new Uint8Array(0);

type State =
  | "new"
  | "proxyHeader" // reads the PROXY header
  | "sniffing" // reads the client's first bytes; no target is connected
  | "resolving"
  | "connecting"
  | "racing" // as sniffing, with the default target connected and free to speak first
  | "ended";

/** How one TCP connection is decided. Times are milliseconds of any one monotonic clock. */
export class TcpFlow {
  readonly #snapshot: Snapshot;
  readonly #seed: number;
  readonly #sniffer: TcpSniffer;
  #state: State = "new";

  #source: SocketAddress;
  #destination: SocketAddress;
  #tlvs: Uint8Array | null = null;
  /** Where the client's own bytes begin: behind the PROXY header. */
  #headOffset = 0;

  /** What the client has sent of its own. */
  #said: Uint8Array = NOTHING;
  #probeDeadline = 0;

  #detected: Detected | null = null;
  #service: Service | null = null;
  #plan: ConnectPlan | null = null;
  #target: Target | null = null;
  #address: SocketAddress | null = null;
  #failures: readonly TargetFailure[] | null = null;
  /** Whether the default target is dialled for its greeting only, the client being still undecided. */
  #forGreeting = false;
  /** Why the default target could not be reached when it was dialled for its greeting. */
  #greetingError: ErrorCode | null = null;

  /** @param ech null: hellos are opened without a bound on what fails */
  constructor(init: FlowInit, _ech: EchResources | null = null) {
    this.#snapshot = init.snapshot;
    this.#seed = init.seed;
    this.#source = init.peer;
    this.#destination = init.local;
    this.#sniffer = new TcpSniffer(tcpSniffPlan(init.snapshot.tcp));
  }

  /** The first action; to be called once. */
  start(now: number): TcpFlowAction {
    if (this.#state !== "new") throw this.#broken("start");
    this.#probeDeadline = now + this.#snapshot.timeouts.probeMs;
    if (this.#snapshot.inboundProxy === null) return this.#beginSniffing(null, now);
    this.#state = "proxyHeader";
    return this.#readProxyHeader();
  }

  /**
   * The action that follows from what the last one led to.
   *
   * @throws {Error} when the event is no answer to the last action
   */
  next(event: TcpFlowEvent, now: number): TcpFlowAction {
    switch (this.#state) {
      case "proxyHeader":
        return this.#onProxyHeader(event, now);
      case "sniffing":
        return this.#onSniffing(event, now);
      case "resolving":
        return this.#onResolving(event, now);
      case "connecting":
        return this.#onConnecting(event, now);
      case "racing":
        return this.#onRacing(event, now);
      case "new":
      case "ended":
        throw this.#broken(event.kind);
    }
  }

  /** What is known of the flow by now. */
  facts(): FlowFacts {
    return {
      source: this.#source,
      destination: this.#destination,
      service: this.#service,
      detected: this.#detected,
      target: this.#target,
      address: this.#address,
      ...(this.#failures !== null && { failures: this.#failures }),
    };
  }

  // 1. PROXY header

  #onProxyHeader(event: TcpFlowEvent, now: number): TcpFlowAction {
    switch (event.kind) {
      case "data": {
        const verdict = parseProxyHeader(event.head);
        if (verdict.kind === "match") {
          this.#takeProxyHeader(verdict.value);
          return this.#beginSniffing(event.head, now);
        }
        const mayGrow = verdict.kind === "needMore" && event.head.length < MAX_PROXY_HEADER;
        return mayGrow ? this.#readProxyHeader() : this.#close("proxy_header");
      }
      case "eof":
      case "timeout":
        return this.#close("proxy_header");
      case "reset":
        return this.#close("client_reset");
      default:
        throw this.#broken(event.kind);
    }
  }

  #readProxyHeader(): TcpFlowAction {
    return { kind: "read", max: MAX_PROXY_HEADER, deadline: this.#probeDeadline };
  }

  #takeProxyHeader(header: ProxyHeader): void {
    this.#tlvs = header.tlvs;
    this.#headOffset = header.length;
    // A LOCAL or UNKNOWN header tells of no one else than the peer.
    this.#source = header.source ?? this.#source;
    this.#destination = header.destination ?? this.#destination;
  }

  // 2. Sniffing

  #beginSniffing(head: Uint8Array | null, now: number): TcpFlowAction {
    const { tcp, timeouts } = this.#snapshot;
    if (tcp.sought.length === 0) return this.#toFallback("dropped", now);
    this.#state = "sniffing";
    if (head !== null && head.length > this.#headOffset) return this.#classify(head, now);
    if (tcp.fallback === null) return this.#read(this.#probeDeadline);
    return this.#read(Math.min(now + timeouts.serverFirstMs, this.#probeDeadline));
  }

  #onSniffing(event: TcpFlowEvent, now: number): TcpFlowAction {
    switch (event.kind) {
      case "data":
        return this.#classify(event.head, now);
      case "eof":
        return this.#settle("client_closed", now);
      case "reset":
        return this.#close("client_reset");
      case "timeout":
        return this.#spoken ? this.#settle("probe_timeout", now) : this.#onSilence(now);
      default:
        throw this.#broken(event.kind);
    }
  }

  /** A silent client may be waiting for the server to speak first. */
  #onSilence(now: number): TcpFlowAction {
    const { fallback } = this.#snapshot.tcp;
    if (fallback === null) return this.#close("probe_timeout");
    if (this.#greetingError !== null) {
      this.#service = fallback;
      return this.#close("connect_failed", this.#greetingError);
    }
    this.#forGreeting = true;
    return this.#dial(fallback, now);
  }

  #classify(head: Uint8Array, now: number): TcpFlowAction {
    const racing = this.#state === "racing";
    // A client that was silent for long gets the whole probe time once it speaks.
    if (racing && !this.#spoken) this.#probeDeadline = now + this.#snapshot.timeouts.probeMs;
    this.#said = head.subarray(this.#headOffset);
    const result = this.#sniffer.push(this.#said);
    switch (result.kind) {
      case "needMore":
        return racing ? this.#race(null, this.#probeDeadline) : this.#read(this.#probeDeadline);
      case "match":
        this.#detected = result.detected;
        return this.#choose("dropped", now);
      case "none":
        return this.#choose("dropped", now);
      case "malformed":
        return this.#choose("malformed", now);
    }
  }

  get #spoken(): boolean {
    return this.#said.length > 0;
  }

  #settle(reasonIfNone: EndReason, now: number): TcpFlowAction {
    return this.#recognisesAtEnd()
      ? this.#choose("dropped", now)
      : this.#toFallback(reasonIfNone, now);
  }

  /** Whether what the client has said will do for some protocol, now that no more comes, or not in time. */
  #recognisesAtEnd(): boolean {
    const result = this.#sniffer.end(this.#said);
    if (result.kind === "match") this.#detected = result.detected;
    return result.kind === "match";
  }

  #read(deadline: number): TcpFlowAction {
    return { kind: "read", max: this.#headOffset + MAX_TCP_HEAD, deadline };
  }

  // 3. Routing

  #choose(reasonIfNone: EndReason, now: number): TcpFlowAction {
    const { tcp, unmatched } = this.#snapshot;
    const { service } = route(tcp, this.#detected, unmatched, this.#source.host);
    if (service === null) return this.#close(reasonIfNone);
    // Only the default target is ever raced for.
    if (this.#state === "racing" && service === this.#service) return this.#relay(null);
    return this.#dial(service, now);
  }

  #toFallback(reasonIfNone: EndReason, now: number): TcpFlowAction {
    const { fallback } = this.#snapshot.tcp;
    return fallback === null ? this.#close(reasonIfNone) : this.#dial(fallback, now);
  }

  // 4. Connecting

  #dial(service: Service, now: number): TcpFlowAction {
    this.#service = service;
    this.#plan = new ConnectPlan(service, this.#source, this.#seed);
    return this.#follow(this.#plan.start(), now);
  }

  #follow(step: ConnectStep, now: number): TcpFlowAction {
    const deadline = now + this.#snapshot.timeouts.connectMs;
    switch (step.kind) {
      case "resolve":
        this.#state = "resolving";
        this.#target = step.target;
        this.#address = null;
        return { kind: "resolve", target: step.target, deadline };
      case "connect":
        this.#state = "connecting";
        this.#target = step.target;
        this.#address = step.address;
        return { ...step, early: this.#mayBeEarly(), deadline };
      case "exhausted":
        return this.#forGreeting
          ? this.#goOnWithoutGreeting(step.error, now)
          : this.#close("connect_failed", step.error);
    }
  }

  /** Whether the client's head is the first that the target gets: no header is before it, neither ours nor a proxy's. */
  #mayBeEarly(): boolean {
    return this.#service?.sendProxyProtocol === "none" && this.#headOffset === 0;
  }

  /** The client may still turn out to be for another service than the default one, which is out of reach. */
  #goOnWithoutGreeting(error: ErrorCode, now: number): TcpFlowAction {
    this.#forGreeting = false;
    this.#greetingError = error;
    this.#service = this.#target = this.#address = null;
    this.#state = "sniffing";
    this.#probeDeadline = now + this.#snapshot.timeouts.probeMs;
    return this.#read(this.#probeDeadline);
  }

  #onResolving(event: TcpFlowEvent, now: number): TcpFlowAction {
    if (this.#plan === null) throw this.#broken(event.kind);
    switch (event.kind) {
      case "resolved":
        return this.#follow(this.#plan.resolved(event.addresses), now);
      case "resolveFailed":
        return this.#goOnAfter(event.error, this.#plan, now);
      default:
        throw this.#broken(event.kind);
    }
  }

  #onConnecting(event: TcpFlowEvent, now: number): TcpFlowAction {
    if (this.#plan === null || this.#service === null) throw this.#broken(event.kind);
    switch (event.kind) {
      case "connected": {
        const preface = this.#proxyHeaderFor(this.#service);
        if (!this.#forGreeting) return this.#relay(preface);
        this.#forGreeting = false;
        this.#state = "racing";
        const { idleMs } = this.#service;
        return this.#race(preface, idleMs === 0 ? Infinity : now + idleMs);
      }
      case "connectFailed":
        return this.#goOnAfter(event.error, this.#plan, now);
      default:
        throw this.#broken(event.kind);
    }
  }

  #goOnAfter(error: ErrorCode, plan: ConnectPlan, now: number): TcpFlowAction {
    this.#failures = withFailure(this.#failures, this.#service, this.#target, error);
    return this.#follow(plan.failed(error), now);
  }

  #proxyHeaderFor(service: Service): Uint8Array | null {
    if (service.sendProxyProtocol === "none") return null;
    return encodeProxyHeader(service.sendProxyProtocol, {
      source: this.#source,
      destination: this.#destination,
      tlvs: this.#tlvs,
    });
  }

  // 5. Who speaks first: the client or the default target

  #race(preface: Uint8Array | null, deadline: number): TcpFlowAction {
    return { kind: "race", preface, max: this.#headOffset + MAX_TCP_HEAD, deadline };
  }

  #onRacing(event: TcpFlowEvent, now: number): TcpFlowAction {
    switch (event.kind) {
      case "data":
        return this.#classify(event.head, now);
      case "targetFirst":
        return this.#relay(null);
      case "timeout":
        if (!this.#spoken) return this.#close("idle");
        return this.#recognisesAtEnd() ? this.#choose("dropped", now) : this.#relay(null);
      case "eof":
        return this.#recognisesAtEnd() ? this.#choose("dropped", now) : this.#relay(null);
      case "reset":
        return this.#close("client_reset");
      default:
        throw this.#broken(event.kind);
    }
  }

  // 6. The end of the pipeline's part

  #relay(preface: Uint8Array | null): TcpFlowAction {
    this.#end();
    const idleMs = this.#service?.idleMs ?? 0;
    return { kind: "relay", preface, headOffset: this.#headOffset, idleMs };
  }

  #close(reason: EndReason, error?: ErrorCode): TcpFlowAction {
    this.#end();
    return { kind: "close", outcome: error === undefined ? { reason } : { reason, error } };
  }

  #end(): void {
    this.#state = "ended";
    this.#said = NOTHING;
  }

  #broken(event: string): Error {
    return new Error(`TcpFlow cannot take "${event}" in state "${this.#state}"`);
  }
}
