/**
 * Tells of a limit that turns flows away, without a line for each.
 *
 * @module
 */

import type { Transport } from "../model/protocol.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents, EngineNotice } from "./engine.ts";
import { RareNotice } from "./rare_notice.ts";

/** Notices about the limit on flows of one transport. */
export class LimitNotice {
  readonly #notice: RareNotice;
  readonly #transport: Transport;

  constructor(events: EngineEvents, clock: Clock, transport: Transport) {
    this.#notice = new RareNotice(events, clock);
    this.#transport = transport;
  }

  /** Counts a flow that was turned away because `limit` are open. */
  turnedAway(limit: number): void {
    this.#notice.count((times) => limitReached(this.#transport, limit, times));
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
