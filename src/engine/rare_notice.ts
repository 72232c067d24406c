/**
 * Tells of what happens often without a line for each time.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../model/limits.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents, EngineNotice } from "./engine.ts";

/** Notices of one thing: the first at once, then one an interval at most, with the number that it stands for. */
export class RareNotice {
  readonly #events: EngineEvents;
  readonly #clock: Clock;
  #count = 0;
  #toldAt = -Infinity;

  constructor(events: EngineEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * Counts one more time.
   *
   * @param notice what is told of as many times as it is given
   */
  count(notice: (times: number) => EngineNotice): void {
    this.#count++;
    const now = this.#clock.now();
    if (now - this.#toldAt < LIMIT_NOTICE_INTERVAL) return;
    this.#events.notice(notice(this.#count));
    this.#count = 0;
    this.#toldAt = now;
  }
}
