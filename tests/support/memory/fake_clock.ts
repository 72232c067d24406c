/**
 * Time that a test lets pass.
 *
 * @module
 */

import { EngineClock } from "../../../src/engine/streams/engine_clock.ts";
import { type Timer, TimerWheel } from "../../../src/engine/timer_wheel.ts";

/**
 * A clock that stands still while anything can be done without it. When all that is left is to wait, be it for a peer's
 * bytes or for a name, it jumps to the next deadline: so a test takes no time however long its waits are.
 */
export class FakeClock extends EngineClock implements Disposable {
  readonly #wheel = new TimerWheel();
  #now = 1_000;
  /** How many waits of the test are under way that only time may end. */
  #waits = 0;
  #passing = 0;
  #turn: ReturnType<typeof setTimeout> | undefined;

  override get armed(): number {
    return this.#wheel.size;
  }

  override now(): number {
    return this.#now;
  }

  override arm(timer: Timer, deadline: number): void {
    if (deadline === Infinity) return this.disarm(timer);
    this.#wheel.arm(timer, deadline, this.#now);
    this.#scheduleJump();
  }

  override disarm(timer: Timer): void {
    this.#wheel.disarm(timer);
  }

  /** Lets everything happen that happens within so many milliseconds. */
  async pass(ms: number): Promise<void> {
    this.#passing++;
    const end = this.#now + ms;
    await turn();
    for (let next = this.#wheel.nextWake(); next <= end; next = this.#wheel.nextWake()) {
      this.#advance(next);
      await turn();
    }
    this.#advance(end);
    this.#passing--;
  }

  /** Waits for what may need time to pass. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.#waits++;
    this.#scheduleJump();
    try {
      return await promise;
    } finally {
      this.#waits--;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#turn);
    this.#waits = 0;
  }

  #advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    this.#wheel.advance(this.#now);
  }

  /** In a turn of its own, which comes when every promise that could be settled is. */
  #scheduleJump(): void {
    if (this.#turn !== undefined || this.#waits === 0 || this.#wheel.size === 0) return;
    this.#turn = setTimeout(() => {
      this.#turn = undefined;
      if (this.#waits > 0 && this.#passing === 0) this.#advance(this.#wheel.nextWake());
      this.#scheduleJump();
    }, 0);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
