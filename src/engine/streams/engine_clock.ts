/**
 * The one timer of an engine: drives the wheel that all deadlines share.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { type Timer, TimerWheel } from "../timer_wheel.ts";

/** Longest sleep, so that the delay stays within what `setTimeout` takes. */
const MAX_SLEEP = 3_600_000;

/**
 * Monotonic time in milliseconds, and deadlines on it. An armed timer keeps the process alive: a listener that waits for
 * descriptors has nothing else that would.
 */
export class EngineClock implements Clock {
  readonly #wheel = new TimerWheel();
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #wakeAt = Infinity;

  /** Timers armed right now. */
  get armed(): number {
    return this.#wheel.size;
  }

  now(): number {
    return performance.now();
  }

  arm(timer: Timer, deadline: number): void {
    if (deadline === Infinity) return this.disarm(timer);
    this.#wheel.arm(timer, deadline, this.now());
    if (deadline < this.#wakeAt) this.#sleepUntil(deadline);
  }

  disarm(timer: Timer): void {
    this.#wheel.disarm(timer);
    if (this.#wheel.size === 0) this.#sleepUntil(Infinity);
  }

  #sleepUntil(wakeAt: number): void {
    if (this.#timeout !== undefined) clearTimeout(this.#timeout);
    this.#timeout = undefined;
    this.#wakeAt = wakeAt;
    if (wakeAt === Infinity) return;
    const delay = Math.min(Math.max(wakeAt - this.now(), 0), MAX_SLEEP);
    this.#timeout = setTimeout(() => this.#wake(), Math.ceil(delay));
  }

  #wake(): void {
    // Timers that are armed while others expire must not set a timeout each.
    this.#wakeAt = -Infinity;
    this.#wheel.advance(this.now());
    this.#sleepUntil(this.#wheel.nextWake());
  }
}
