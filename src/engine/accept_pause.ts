/**
 * Waits out a shortage of descriptors or buffers, over all listeners of an engine.
 *
 * @module
 */

import { ACCEPT_PAUSE } from "../model/limits.ts";
import type { EngineEvents } from "./engine.ts";

/**
 * How long after the last failure a shortage is over, in milliseconds: a connection that ends makes room for one more,
 * and a proxy at its limit would else tell of every such turn.
 */
const CALM = 5 * ACCEPT_PAUSE;

/** One notice when a shortage begins, one when it is over. Times are those of the engine's clock. */
export class AcceptPause {
  readonly #events: EngineEvents;
  #paused = false;
  #failedAt = 0;

  constructor(events: EngineEvents) {
    this.#events = events;
  }

  /** A listener could not accept. */
  begin(error: unknown, now: number): void {
    this.#failedAt = now;
    if (this.#paused) return;
    this.#paused = true;
    const reason = error instanceof Error ? error.message : String(error);
    const message =
      `Cannot accept connections: ${reason}; trying again every ${ACCEPT_PAUSE} ms. ` +
      'Raise the limit of open files ("ulimit -n", LimitNOFILE in systemd)';
    this.#events.notice({ event: "accept_paused", message, error });
  }

  /** A listener has accepted. */
  end(now: number): void {
    if (!this.#paused || now - this.#failedAt < CALM) return;
    this.#paused = false;
    this.#events.notice({ event: "accept_resumed", message: "Accepting connections again" });
  }
}
