/**
 * Which addresses are tried for a flow, one after the other, until one answers.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import { type ErrorCode, ERRORS } from "../model/errors.ts";
import type { TargetFailure } from "../model/flow.ts";
import { MAX_CONNECT_ATTEMPTS } from "../model/limits.ts";
import type { Service, Target } from "../model/snapshot.ts";
import { orderAddresses, orderTargets } from "./balance.ts";

/** What is to be done next for a flow to reach a target. */
export type ConnectStep =
  | { readonly kind: "resolve"; readonly target: Target }
  | {
    readonly kind: "connect";
    readonly target: Target;
    readonly address: SocketAddress;
    /** The address to connect from; null: the system chooses. */
    readonly from: SocketAddress | null;
  }
  /** Nothing is left to try; `error` is the last failure. */
  | { readonly kind: "exhausted"; readonly error: ErrorCode };

/**
 * Walks the targets of a service in fail-over order, and the addresses of each.
 *
 * At most `MAX_CONNECT_ATTEMPTS` failures are taken; a name with many dead addresses leaves one attempt for each target
 * behind it. A failure that no other target can cure ends the walk.
 */
export class ConnectPlan {
  readonly #service: Service;
  readonly #source: SocketAddress;
  readonly #seed: number;
  readonly #targets: readonly Target[];
  #targetIndex = -1;
  #addresses = NO_ADDRESSES;
  #addressIndex = 0;
  #attemptsLeft = MAX_CONNECT_ATTEMPTS;
  #lastError: ErrorCode = "io_error";

  constructor(service: Service, source: SocketAddress, seed: number) {
    this.#service = service;
    this.#source = source;
    this.#seed = seed;
    this.#targets = orderTargets(service, source, seed);
  }

  /** The first step. */
  start(): ConnectStep {
    return this.#nextTarget();
  }

  /** The step after a target's name was resolved. */
  resolved(addresses: readonly SocketAddress[]): ConnectStep {
    this.#addresses = orderAddresses(addresses, this.#service, this.#source, this.#seed);
    this.#addressIndex = 0;
    return this.#nextAddress();
  }

  /** The step after the last one failed, be it to resolve or to connect. */
  failed(error: ErrorCode): ConnectStep {
    this.#lastError = error;
    this.#attemptsLeft--;
    if (!ERRORS[error].retryable) this.#attemptsLeft = 0;
    return this.#nextAddress();
  }

  #nextTarget(): ConnectStep {
    this.#targetIndex++;
    const target = this.#targets[this.#targetIndex];
    if (target === undefined || this.#attemptsLeft === 0) {
      return { kind: "exhausted", error: this.#lastError };
    }
    if (!target.isIp) {
      this.#addresses = NO_ADDRESSES;
      return { kind: "resolve", target };
    }
    return this.resolved(ownAddress(target));
  }

  #nextAddress(): ConnectStep {
    const target = this.#targets[this.#targetIndex];
    const address = this.#addresses[this.#addressIndex];
    const targetsBehind = this.#targets.length - this.#targetIndex - 1;
    const mayTry = this.#addressIndex === 0 || this.#attemptsLeft > targetsBehind;
    if (target === undefined || address === undefined || !mayTry) return this.#nextTarget();
    this.#addressIndex++;
    return {
      kind: "connect",
      target,
      address,
      from: transparentSource(this.#service, this.#source, address),
    };
  }
}

/**
 * The address to connect from; null: the system chooses. No connection can have ends of two address families: then the
 * target sees the proxy after all.
 */
export function transparentSource(
  { transparent }: Service,
  source: SocketAddress,
  address: SocketAddress,
): SocketAddress | null {
  const oneFamily = source.host.includes(":") === address.host.includes(":");
  return transparent && oneFamily ? source : null;
}

/** The failures with one more. A target that fails at several addresses counts once, with its last error. */
export function withFailure(
  failures: readonly TargetFailure[] | null,
  service: Service | null,
  target: Target | null,
  error: ErrorCode,
): readonly TargetFailure[] | null {
  if (service === null || target === null) return failures;
  const others = failures?.filter((failure) => failure.target !== target) ?? [];
  return [...others, { service, target, error }];
}

const NO_ADDRESSES: readonly SocketAddress[] = [];

/** Made once for a target: engines keep what they make of an address by its identity. */
const OWN_ADDRESSES = new WeakMap<Target, readonly SocketAddress[]>();

/** The address of a target that needs no look-up. */
function ownAddress(target: Target): readonly SocketAddress[] {
  let addresses = OWN_ADDRESSES.get(target);
  if (addresses === undefined) {
    addresses = [{ host: target.host, port: target.port }];
    OWN_ADDRESSES.set(target, addresses);
  }
  return addresses;
}
