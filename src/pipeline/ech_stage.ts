/**
 * What becomes of a TLS client whose service has ECH keys, until it is known where it goes.
 *
 * @module
 */

import type { EchFacts } from "../model/ech.ts";
import type { StreamFilter, TcpFlowEvent } from "../model/flow.ts";
import type { Service } from "../model/snapshot.ts";
import { ECH_HANDSHAKE_TRIES, ECH_RETRY_TIMEOUT } from "../model/limits.ts";
import { SplitRelay } from "../proto/ech/split_relay.ts";
import { ALERT, encodeAlertRecord } from "../proto/tls/alert.ts";
import { parseClientHello } from "../proto/tls/client_hello.ts";
import { firstMessage } from "../proto/tls/first_message.ts";
import type { EchResources } from "./ech_budget.ts";
import { decideEch, type EchDecision, type EchFault } from "./ech_decision.ts";
import { EchRetry } from "./ech_retry.ts";
import type { EchStep } from "./ech_step.ts";

/** What a stage begins with. */
export interface EchStageOptions {
  /** Where the outer name leads. */
  readonly service: Service;
  /** The client's IP address. */
  readonly host: string;
  /** Where the client's own bytes begin in its head. */
  readonly headOffset: number;
  /** How long a client has to take an alert, and at least to take configurations, in milliseconds. */
  readonly probeMs: number;
  /** Null: hellos are opened without a bound on what fails, and no configurations are given. */
  readonly resources: EchResources | null;
}

/** Without a word: nothing that could be said here would keep the client from thinking that ECH is switched off. */
const LIMITED: EchStep = { kind: "end", reason: "limit" };

/** Opens the hello; where it cannot be passed on, talks to the client. */
export class EchStage {
  readonly #options: EchStageOptions;
  #facts: EchFacts | null = null;
  /** What the client is told, if it is. */
  #fault: EchFault | null = null;
  #retry: EchRetry | null = null;

  constructor(options: EchStageOptions) {
    this.#options = options;
  }

  /** What became of the ECH; null where the service has no keys. */
  get facts(): EchFacts | null {
    return this.#facts;
  }

  /**
   * The first step.
   *
   * @param said all that the client has sent of its own: its hello is whole
   * @param now milliseconds of any one monotonic clock
   */
  start(said: Uint8Array, now: number): EchStep {
    const { service, host, resources } = this.#options;
    const first = firstMessage(said);
    const hello = first === null ? null : parseClientHello(first.message);
    if (service.ech === undefined || first === null || hello?.kind !== "match") {
      return this.#connect(service, null);
    }
    const budget = resources?.budget ?? null;
    const decision = decideEch(first.message, hello.value, service.ech, { host, now, budget });
    this.#facts = decision.facts;
    switch (decision.kind) {
      case "outer":
        return this.#connect(service, null);
      case "fault":
        return this.#tell(decision, now);
      case "inner":
        // What follows on the hello in its record belongs to no hello (RFC 8446 §5.1).
        return first.endsRecord
          ? this.#toInner(decision, first.end)
          : this.#tell({ reason: "ech_fault", alert: ALERT.unexpectedMessage }, now);
      case "stale":
        return this.#giveConfigurations(said, now);
      case "limited":
        return service.ech.onReject.kind === "target" ? this.#connect(service, null) : LIMITED;
    }
  }

  /** The step that follows from what the last action led to; null where the event is no answer to it. */
  next(event: TcpFlowEvent): EchStep | null {
    // Whether the alert could be written or not: nothing else was to be done.
    if (this.#fault !== null) return { kind: "end", reason: this.#fault.reason };
    return this.#retry?.next(event) ?? null;
  }

  #toInner(
    { inner, context, service }: Extract<EchDecision, { kind: "inner" }>,
    outerLength: number,
  ): EchStep {
    return this.#connect(service, new SplitRelay({ inner, outerLength, context }));
  }

  #giveConfigurations(said: Uint8Array, now: number): EchStep {
    const { service, host, headOffset, probeMs, resources } = this.#options;
    const ech = service.ech?.onReject;
    if (ech?.kind !== "retry" || resources === null) return this.#connect(service, null);
    const { budget, random } = resources;
    if (!budget.mayTry(host, now)) return LIMITED;
    budget.failed(host, ECH_HANDSHAKE_TRIES, now);
    const deadline = now + Math.max(probeMs, ECH_RETRY_TIMEOUT);
    this.#retry = new EchRetry({ ech, random }, { headOffset, deadline });
    return this.#retry.start(said);
  }

  #connect(service: Service, filter: StreamFilter | null): EchStep {
    return { kind: "connect", service, offset: this.#options.headOffset, filter };
  }

  #tell(fault: EchFault, now: number): EchStep {
    this.#fault = fault;
    const deadline = now + this.#options.probeMs;
    const bytes = encodeAlertRecord(fault.alert);
    return { kind: "act", action: { kind: "reply", bytes, end: true, deadline } };
  }
}
