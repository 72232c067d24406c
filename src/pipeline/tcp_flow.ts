/**
 * What becomes of one TCP connection: PROXY header, sniffing, routing, ECH, connecting, relay.
 *
 * @module
 */

import type { ErrorCode } from "../model/errors.ts";
import type {
  EndReason,
  FlowFacts,
  FlowInit,
  StreamFilter,
  TargetFailure,
  TcpFlowAction,
  TcpFlowEvent,
} from "../model/flow.ts";
import { MAX_PROXY_HEADER, MAX_TCP_HEAD } from "../model/limits.ts";
import type { Detected } from "../model/protocol.ts";
import type { Service, Snapshot } from "../model/snapshot.ts";
import { ConnectionAddresses } from "./connection_addresses.ts";
import { Dial, type DialStep } from "./dial.ts";
import type { EchResources } from "./ech_budget.ts";
import { EchStage } from "./ech_stage.ts";
import type { EchStep } from "./ech_step.ts";
import { route } from "./route.ts";
import { TcpSniffer } from "./sniff.ts";
import { tcpSniffPlan } from "./sniff_plan.ts";

const NOTHING = new Uint8Array(0);

type State =
  | "new"
  | "proxyHeader" // reads the PROXY header
  | "sniffing" // reads the client's first bytes; no target is connected
  | "talking" // tells the client what is wrong with its ECH, or gives it other configurations
  | "dialling" // resolves names of targets, and connects
  | "racing" // as sniffing, with the default target connected and free to speak first
  | "ended";

/** How one TCP connection is decided. Times are milliseconds of any one monotonic clock. */
export class TcpFlow {
  readonly #snapshot: Snapshot;
  readonly #seed: number;
  readonly #sniffer: TcpSniffer;
  #state: State = "new";

  readonly #addresses: ConnectionAddresses;
  readonly #ech: EchResources | null;
  /** What the client has sent of its own. */
  #said: Uint8Array = NOTHING;
  #probeDeadline = 0;

  #detected: Detected | null = null;
  #service: Service | null = null;
  #echStage: EchStage | null = null;
  /** Where the bytes for the target begin in the head, and what is made of them on the way. */
  #relayOffset = 0;
  #filter: StreamFilter | null = null;
  #dialled: Dial | null = null;
  /** Targets that could not be reached by dials before that. */
  #failures: readonly TargetFailure[] | null = null;
  /** Whether the default target is dialled for its greeting only, the client being still undecided. */
  #forGreeting = false;
  /** Why the default target could not be reached when it was dialled for its greeting. */
  #greetingError: ErrorCode | null = null;

  /** @param ech null: hellos are opened without a bound on what fails */
  constructor(init: FlowInit, ech: EchResources | null = null) {
    this.#snapshot = init.snapshot;
    this.#seed = init.seed;
    this.#addresses = new ConnectionAddresses(init.peer, init.local);
    this.#ech = ech;
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
      case "talking":
        return this.#followEch(this.#echStage?.next(event) ?? this.#reject(event), now);
      case "dialling":
        return this.#followDial(this.#dialled?.next(event, now) ?? this.#reject(event), now);
      case "racing":
        return this.#onRacing(event, now);
      case "new":
      case "ended":
        throw this.#broken(event.kind);
    }
  }

  /** What is known of the flow by now. */
  facts(): FlowFacts {
    const failures = this.#dialled?.failures ?? this.#failures;
    const ech = this.#echStage?.facts ?? null;
    return {
      source: this.#addresses.source,
      destination: this.#addresses.destination,
      service: this.#service,
      detected: this.#detected,
      target: this.#dialled?.target ?? null,
      address: this.#dialled?.address ?? null,
      ...(failures !== null && { failures }),
      ...(ech !== null && { ech }),
    };
  }

  // 1. PROXY header

  #onProxyHeader(event: TcpFlowEvent, now: number): TcpFlowAction {
    switch (event.kind) {
      case "data":
        switch (this.#addresses.readHeader(event.head)) {
          case "taken":
            return this.#beginSniffing(event.head, now);
          case "needMore":
            return this.#readProxyHeader();
          case "broken":
            return this.#close("proxy_header");
        }
        break;
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

  // 2. Sniffing

  #beginSniffing(head: Uint8Array | null, now: number): TcpFlowAction {
    const { tcp, timeouts } = this.#snapshot;
    this.#relayOffset = this.#headOffset;
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

  /** Where the client's own bytes begin. */
  get #headOffset(): number {
    return this.#addresses.headOffset;
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
    const { service } = route(tcp, this.#detected, unmatched, this.#addresses.source.host);
    if (service === null) return this.#close(reasonIfNone);
    // Only the default target is ever raced for.
    if (this.#state === "racing" && service === this.#service) return this.#relay(null);
    const isTls = this.#detected?.protocol === "tls";
    return isTls && service.ech !== undefined
      ? this.#openHello(service, now)
      : this.#dial(service, now);
  }

  #toFallback(reasonIfNone: EndReason, now: number): TcpFlowAction {
    const { fallback } = this.#snapshot.tcp;
    return fallback === null ? this.#close(reasonIfNone) : this.#dial(fallback, now);
  }

  // 4. Encrypted Client Hello

  #openHello(service: Service, now: number): TcpFlowAction {
    this.#service = service;
    this.#state = "talking";
    this.#echStage = new EchStage({
      service,
      host: this.#addresses.source.host,
      headOffset: this.#headOffset,
      probeMs: this.#snapshot.timeouts.probeMs,
      resources: this.#ech,
    });
    return this.#followEch(this.#echStage.start(this.#said, now), now);
  }

  #followEch(step: EchStep, now: number): TcpFlowAction {
    switch (step.kind) {
      case "act":
        return step.action;
      case "end":
        return this.#close(step.reason);
      case "connect":
        this.#relayOffset = step.offset;
        this.#filter = step.filter;
        return this.#dial(step.service, now);
    }
  }

  // 5. Connecting

  #dial(service: Service, now: number): TcpFlowAction {
    this.#service = service;
    this.#state = "dialling";
    // Whether the head, as it is, is what the target gets first: with no header, ours or a proxy's, before it.
    const isFirst = this.#relayOffset === 0 && service.sendProxyProtocol === "none";
    this.#dialled = new Dial({
      service,
      source: this.#addresses.source,
      seed: this.#seed,
      connectMs: this.#snapshot.timeouts.connectMs,
      early: isFirst && this.#filter === null,
      failures: this.#dialled?.failures ?? this.#failures,
    });
    return this.#followDial(this.#dialled.start(now), now);
  }

  #followDial(step: DialStep, now: number): TcpFlowAction {
    switch (step.kind) {
      case "act":
        return step.action;
      case "connected":
        return this.#onConnected(now);
      case "exhausted":
        return this.#forGreeting
          ? this.#goOnWithoutGreeting(step.error, now)
          : this.#close("connect_failed", step.error);
    }
  }

  /** The client may still turn out to be for another service than the default one, which is out of reach. */
  #goOnWithoutGreeting(error: ErrorCode, now: number): TcpFlowAction {
    this.#forGreeting = false;
    this.#greetingError = error;
    this.#failures = this.#dialled?.failures ?? null;
    this.#service = this.#dialled = null;
    this.#state = "sniffing";
    this.#probeDeadline = now + this.#snapshot.timeouts.probeMs;
    return this.#read(this.#probeDeadline);
  }

  #onConnected(now: number): TcpFlowAction {
    if (this.#service === null) throw this.#broken("connected");
    const preface = this.#addresses.headerFor(this.#service);
    if (!this.#forGreeting) return this.#relay(preface);
    this.#forGreeting = false;
    this.#state = "racing";
    const { idleMs } = this.#service;
    return this.#race(preface, idleMs === 0 ? Infinity : now + idleMs);
  }

  // 6. Who speaks first: the client or the default target

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

  // 7. The end of the pipeline's part

  #relay(preface: Uint8Array | null): TcpFlowAction {
    this.#end();
    const idleMs = this.#service?.idleMs ?? 0;
    const relay = { kind: "relay", preface, headOffset: this.#relayOffset, idleMs } as const;
    return this.#filter === null ? relay : { ...relay, filter: this.#filter };
  }

  #close(reason: EndReason, error?: ErrorCode): TcpFlowAction {
    this.#end();
    return { kind: "close", outcome: error === undefined ? { reason } : { reason, error } };
  }

  #end(): void {
    this.#state = "ended";
    this.#said = NOTHING;
  }

  #reject(event: TcpFlowEvent): never {
    throw this.#broken(event.kind);
  }

  #broken(event: string): Error {
    return new Error(`TcpFlow cannot take "${event}" in state "${this.#state}"`);
  }
}
