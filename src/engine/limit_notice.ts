/**
 * Tells of a limit that turns flows away, without a line for each.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../model/limits.ts";
import type { Transport } from "../model/protocol.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents, EngineNotice } from "./engine.ts";

/** Notices about one limit: the first at once, then one an interval at most, with the number that it stands for. */
export class LimitNotice {
  readonly #events: EngineEvents;
  readonly #clock: Clock;
  readonly #transport: Transport;
  #turnedAway = 0;
  #toldAt = -Infinity;

  constructor(events: EngineEvents, clock: Clock, transport: Transport) {
    this.#events = events;
    this.#clock = clock;
    this.#transport = transport;
  }

  /** Counts a flow that was turned away because `limit` are open. */
  turnedAway(limit: number): void {
    this.#turnedAway++;
    const now = this.#clock.now();
    if (now - this.#toldAt < LIMIT_NOTICE_INTERVAL) return;
    this.#events.notice(limitReached(this.#transport, limit, this.#turnedAway));
    this.#turnedAway = 0;
    this.#toldAt = now;
  }
}

/** The notice that a limit on flows of one transport has turned some away. */
export function limitReached(
  transport: Transport,
  limit: number,
  turnedAway: number,
): EngineNotice {
  const message = `${transport}_max_connections = ${limit} is reached: ${turnedAway} turned away ` +
    "since the last such message";
  return { event: `${transport}_limit_reached`, message };
}
