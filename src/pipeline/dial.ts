/**
 * How a TCP flow comes to a connection with one of its service's targets.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { TargetFailure, TcpFlowAction, TcpFlowEvent } from "../model/flow.ts";
import type { Service, Target } from "../model/snapshot.ts";
import { ConnectPlan, type ConnectStep, withFailure } from "./connect_plan.ts";

/** What is to be done next, or what it came to. */
export type DialStep =
  | { readonly kind: "act"; readonly action: TcpFlowAction }
  | { readonly kind: "connected" }
  /** No target can be reached; `error` is the last failure. */
  | { readonly kind: "exhausted"; readonly error: ErrorCode };

/** What a dial is made of. */
export interface DialOptions {
  readonly service: Service;
  /** The client. */
  readonly source: SocketAddress;
  readonly seed: number;
  /** Milliseconds for each attempt. */
  readonly connectMs: number;
  /** Whether the client's head may be sent with the first packet. */
  readonly early: boolean;
  /** Those of dials before, of the same flow. */
  readonly failures: readonly TargetFailure[] | null;
}

/** Resolves and connects, with fail-over. Times are milliseconds of any one monotonic clock. */
export class Dial {
  readonly #options: DialOptions;
  readonly #plan: ConnectPlan;
  #awaited: "resolve" | "connect" = "resolve";
  #target: Target | null = null;
  #address: SocketAddress | null = null;
  #failures: readonly TargetFailure[] | null;

  constructor(options: DialOptions) {
    const { service, source, seed, failures } = options;
    this.#options = options;
    this.#plan = new ConnectPlan(service, source, seed);
    this.#failures = failures;
  }

  /** The target that was tried last. */
  get target(): Target | null {
    return this.#target;
  }

  /** Its address; null while it is not known. */
  get address(): SocketAddress | null {
    return this.#address;
  }

  /** Targets that could not be reached; null: none. */
  get failures(): readonly TargetFailure[] | null {
    return this.#failures;
  }

  start(now: number): DialStep {
    return this.#follow(this.#plan.start(), now);
  }

  /** The step that follows from what the last action led to; null where the event is no answer to it. */
  next(event: TcpFlowEvent, now: number): DialStep | null {
    const isConnecting = this.#awaited === "connect";
    switch (event.kind) {
      case "resolved":
        return isConnecting ? null : this.#follow(this.#plan.resolved(event.addresses), now);
      case "resolveFailed":
        return isConnecting ? null : this.#goOnAfter(event.error, now);
      case "connected":
        return isConnecting ? event : null;
      case "connectFailed":
        return isConnecting ? this.#goOnAfter(event.error, now) : null;
      default:
        return null;
    }
  }

  #goOnAfter(error: ErrorCode, now: number): DialStep {
    const { service } = this.#options;
    this.#failures = withFailure(this.#failures, service, this.#target, error);
    return this.#follow(this.#plan.failed(error), now);
  }

  #follow(step: ConnectStep, now: number): DialStep {
    if (step.kind === "exhausted") return step;
    const { connectMs, early } = this.#options;
    const deadline = now + connectMs;
    this.#awaited = step.kind;
    this.#target = step.target;
    this.#address = step.kind === "connect" ? step.address : null;
    const action = step.kind === "connect" ? { ...step, early, deadline } : { ...step, deadline };
    return { kind: "act", action };
  }
}
