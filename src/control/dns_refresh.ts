/**
 * One look-up in flight, with the two waits that bound it.
 *
 * @module
 */

import { DNS_LOOKUP_TIMEOUT, DNS_STALE_WAIT } from "../model/limits.ts";
import type { LookupResult } from "./dns_answer.ts";

/** Calls back once after a delay in milliseconds; what it returns takes the call back. */
export type StartTimer = (delayMs: number, callback: () => void) => () => void;

/** A look-up that many may wait for. It settles within `DNS_LOOKUP_TIMEOUT`, whatever the look-up itself does. */
export class DnsRefresh {
  /** The look-up has ended and `finish` has been called. */
  readonly settled: Promise<void>;
  /** Likewise, or `DNS_STALE_WAIT` is over. */
  readonly settledOrOverdue: Promise<void>;
  readonly #abort = new AbortController();
  #overdue = false;

  constructor(
    lookup: (signal: AbortSignal) => Promise<LookupResult>,
    finish: (result: LookupResult) => void,
    startTimer: StartTimer,
  ) {
    const overdue = Promise.withResolvers<void>();
    const stopOverdue = startTimer(DNS_STALE_WAIT, () => {
      this.#overdue = true;
      overdue.resolve();
    });
    const stopTimeout = startTimer(DNS_LOOKUP_TIMEOUT, () => this.cancel());
    this.settled = this.#run(lookup).then((result) => {
      stopOverdue();
      stopTimeout();
      finish(result);
    });
    this.settledOrOverdue = Promise.race([this.settled, overdue.promise]);
  }

  /** Whether it takes so long that a flow which has expired addresses no longer waits for it. */
  get overdue(): boolean {
    return this.#overdue;
  }

  /** Gives up. */
  cancel(): void {
    this.#abort.abort();
  }

  async #run(lookup: (signal: AbortSignal) => Promise<LookupResult>): Promise<LookupResult> {
    const { signal } = this.#abort;
    const aborted = new Promise<LookupResult>((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "failed", reason: "timeout" }), {
        once: true,
      });
    });
    try {
      return await Promise.race([lookup(signal), aborted]);
    } catch {
      return { kind: "failed", reason: "notFound" };
    }
  }
}
