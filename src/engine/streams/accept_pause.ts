/**
 * Waits out a shortage of descriptors or buffers, over all listeners of an engine.
 *
 * @module
 */

import { ACCEPT_PAUSE } from "../../model/limits.ts";
import type { EngineEvents } from "../engine.ts";

/** One notice when a shortage begins, one when it is over. */
export class AcceptPause {
  readonly #events: EngineEvents;
  #paused = false;

  constructor(events: EngineEvents) {
    this.#events = events;
  }

  /** A listener could not accept. */
  begin(error: unknown): void {
    if (this.#paused) return;
    this.#paused = true;
    const reason = error instanceof Error ? error.message : String(error);
    const message =
      `Cannot accept connections: ${reason}; trying again every ${ACCEPT_PAUSE} ms. ` +
      'Raise the limit of open files ("ulimit -n", LimitNOFILE in systemd)';
    this.#events.notice({ event: "accept_paused", message, error });
  }

  /** A listener has accepted. */
  end(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#events.notice({ event: "accept_resumed", message: "Accepting connections again" });
  }
}
