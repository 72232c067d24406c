/**
 * Time as a worker's loop has it.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { type Timer, TimerWheel } from "../timer_wheel.ts";

/** A clock that stands still within a turn, and whose timers the loop drives. */
export class TurnClock implements Clock {
  readonly #wheel = new TimerWheel();
  #now = performance.now();

  now(): number {
    return this.#now;
  }

  /** Timers armed right now. */
  get armed(): number {
    return this.#wheel.size;
  }

  arm(timer: Timer, deadline: number): void {
    if (deadline === Infinity) this.#wheel.disarm(timer);
    else this.#wheel.arm(timer, deadline, this.#now);
  }

  disarm(timer: Timer): void {
    this.#wheel.disarm(timer);
  }

  /** A turn begins. */
  tick(): void {
    this.#now = performance.now();
  }

  /** Expires the timers that are due. */
  expire(): void {
    this.#wheel.advance(this.#now);
  }

  /** Milliseconds until a timer is due; `Infinity` while none is armed. */
  sleepMs(): number {
    // From now on, not from when the turn began: it may have been a long one.
    return this.#wheel.size === 0 ? Infinity : this.#wheel.nextWake() - performance.now();
  }
}
