/**
 * The one timer of a connection.
 *
 * @module
 */

import type { Clock } from "../../clock.ts";
import { Timer } from "../../timer_wheel.ts";

/** Who is told that a deadline has passed. Must not throw. */
export interface Deadlined {
  onDeadline(): void;
}

/**
 * A deadline that moves far more often than it passes. Moving it to a later time leaves the wheel alone: the timer
 * expires at the old one, sees that it is not due, and is armed again.
 */
export class LazyTimer extends Timer {
  readonly #clock: Clock;
  readonly #owner: Deadlined;
  #deadline = Infinity;
  #armedFor = Infinity;

  constructor(clock: Clock, owner: Deadlined) {
    super(() => this.#onExpiry());
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Moves the deadline; `Infinity` = none. */
  set(deadline: number): void {
    this.#deadline = deadline;
    if (deadline < this.#armedFor) this.#arm();
  }

  /** Takes the timer off the wheel. */
  cancel(): void {
    this.#deadline = this.#armedFor = Infinity;
    this.#clock.disarm(this);
  }

  #onExpiry(): void {
    this.#armedFor = Infinity;
    if (this.#deadline === Infinity) return;
    if (this.#deadline > this.#clock.now()) return this.#arm();
    this.#deadline = Infinity;
    this.#owner.onDeadline();
  }

  #arm(): void {
    this.#armedFor = this.#deadline;
    this.#clock.arm(this, this.#deadline);
  }
}
