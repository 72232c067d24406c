/**
 * Names are resolved in the main thread: what a worker knows of the answers.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import { RESOLUTION_REUSE } from "../../model/limits.ts";
import type { Resolution } from "../../model/resolver.ts";
import type { Target } from "../../model/snapshot.ts";
import type { Clock } from "../clock.ts";
import type { TargetLookUp } from "../target_look_up.ts";

interface Known {
  readonly addresses: readonly SocketAddress[];
  /** On the worker's clock. */
  readonly until: number;
}

/**
 * Asks the main thread, and uses an answer for a moment longer: a busy worker must not ask for every connection. How
 * long an answer lasts is otherwise the main thread's business.
 */
export class RemoteResolver implements TargetLookUp {
  readonly #clock: Clock;
  readonly #ask: (target: Target) => void;
  readonly #known = new Map<string, Known>();
  readonly #literal = new WeakMap<Target, readonly SocketAddress[]>();
  readonly #waiting = new Map<string, ((resolution: Resolution) => void)[]>();

  /** @param ask puts the question to the main thread; the answer goes to {@linkcode RemoteResolver.answer} */
  constructor(clock: Clock, ask: (target: Target) => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  peek(target: Target): readonly SocketAddress[] | null {
    if (target.isIp) return this.#literalAddress(target);
    const known = this.#known.get(target.label);
    if (known === undefined || known.until < this.#clock.now()) return null;
    return known.addresses;
  }

  lookUp(target: Target, answer: (resolution: Resolution) => void): void {
    const waiting = this.#waiting.get(target.label);
    if (waiting !== undefined) {
      waiting.push(answer);
      return;
    }
    this.#waiting.set(target.label, [answer]);
    this.#ask(target);
  }

  /** The main thread has answered. */
  answer(label: string, resolution: Resolution): void {
    if (resolution.kind === "resolved") {
      const until = this.#clock.now() + RESOLUTION_REUSE;
      this.#known.set(label, { addresses: resolution.addresses, until });
    }
    const waiting = this.#waiting.get(label) ?? [];
    this.#waiting.delete(label);
    for (const answer of waiting) answer(resolution);
  }

  /** Drops what is known: with another configuration come other names. */
  forget(): void {
    this.#known.clear();
  }

  #literalAddress(target: Target): readonly SocketAddress[] {
    let addresses = this.#literal.get(target);
    if (addresses === undefined) {
      addresses = [{ host: target.host, port: target.port }];
      this.#literal.set(target, addresses);
    }
    return addresses;
  }
}
