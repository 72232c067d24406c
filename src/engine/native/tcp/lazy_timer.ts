/**
 * The one timer of a connection.
 *
 * @module
 */

import type { Clock } from "../../clock.ts";
import { type Timer, TIMER_TICK } from "../../timer_wheel.ts";

/** Who is told that a deadline has passed. Must not throw. */
export interface Deadlined {
  onDeadline(): void;
}

/**
 * A deadline that moves far more often than it passes. Moving it to a later time leaves the wheel alone: the timer
 * expires at the old one, sees that it is not due, and is armed again. There is one for each open connection, so unlike
 * {@linkcode Timer} it needs no closure.
 */
export class LazyTimer implements Timer {
  readonly #clock: Clock;
  readonly #owner: Deadlined;
  #deadline = Infinity;
  /** The wheel's own notes. */
  tick = 0;
  slot: Set<Timer> | null = null;

  constructor(clock: Clock, owner: Deadlined) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Moves the deadline; `Infinity` = none. */
  set(deadline: number): void {
    this.#deadline = deadline;
    if (deadline === Infinity) return;
    if (this.slot === null || deadline < this.tick * TIMER_TICK) this.#clock.arm(this, deadline);
  }

  /** Takes the timer off the wheel. */
  cancel(): void {
    this.#deadline = Infinity;
    this.#clock.disarm(this);
  }

  /** For the wheel. */
  expire(): void {
    if (this.#deadline === Infinity) return;
    if (this.#clock.now() < this.#deadline) return this.#clock.arm(this, this.#deadline);
    this.#deadline = Infinity;
    this.#owner.onDeadline();
  }
}
