/**
 * Time as the parts of an engine see it.
 *
 * @module
 */

import type { Timer } from "./timer_wheel.ts";

/** Monotonic time in milliseconds, and deadlines on it. */
export interface Clock {
  now(): number;
  /** Arms a timer, or moves it; with an infinite deadline it is disarmed. */
  arm(timer: Timer, deadline: number): void;
  disarm(timer: Timer): void;
}
