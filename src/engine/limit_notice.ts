/**
 * Tells of a limit that turns flows away, without a line for each.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../model/limits.ts";
import type { EngineEvents } from "./engine.ts";
import type { Clock } from "./clock.ts";

/** Notices about one limit: the first at once, then one an interval at most, with the number that it stands for. */
export class LimitNotice {
  readonly #events: EngineEvents;
  readonly #clock: Clock;
  readonly #event: "tcp_limit_reached" | "udp_limit_reached";
  readonly #key: string;
  #turnedAway = 0;
  #toldAt = -Infinity;

  constructor(
    events: EngineEvents,
    clock: Clock,
    event: "tcp_limit_reached" | "udp_limit_reached",
    key: string,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#event = event;
    this.#key = key;
  }

  /** Counts a flow that was turned away because `limit` are open. */
  turnedAway(limit: number): void {
    this.#turnedAway++;
    const now = this.#clock.now();
    if (now - this.#toldAt < LIMIT_NOTICE_INTERVAL) return;
    const message =
      `${this.#key} = ${limit} is reached: ${this.#turnedAway} turned away since the ` +
      "last such message";
    this.#events.notice({ event: this.#event, message });
    this.#turnedAway = 0;
    this.#toldAt = now;
  }
}
