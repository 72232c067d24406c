/**
 * The one place where a connection waits before it is relayed.
 *
 * @module
 */

import { Timer } from "../timer_wheel.ts";
import type { EngineClock } from "./engine_clock.ts";

/** How a wait ended. */
export type WaitResult = "ready" | "timeout" | "cut";

/**
 * Waits for any of several things that call {@linkcode FlowWait.notify}, for a deadline, or to be cut. Unlike
 * `Promise.race` it leaves nothing behind on a promise that is still pending, however often it is waited for.
 */
export class FlowWait {
  readonly #clock: EngineClock;
  readonly #timer = new Timer(() => {
    this.#expired = true;
    this.notify();
  });
  #wake: (() => void) | null = null;
  #expired = false;
  #cut = false;

  constructor(clock: EngineClock) {
    this.#clock = clock;
  }

  /** To be called by whatever a `ready` function looks at. */
  notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Ends this wait and all later ones. */
  cut(): void {
    this.#cut = true;
    this.notify();
  }

  /** Waits until `ready()`; what is ready counts even when the deadline has passed. */
  async until(ready: () => boolean, deadline: number): Promise<WaitResult> {
    this.#expired = false;
    this.#clock.arm(this.#timer, deadline);
    try {
      for (;;) {
        if (this.#cut) return "cut";
        if (ready()) return "ready";
        if (this.#expired) return "timeout";
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      this.#clock.disarm(this.#timer);
    }
  }
}
