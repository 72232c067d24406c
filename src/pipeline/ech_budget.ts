/**
 * How much work hellos with ECH may cost that no key opens.
 *
 * @module
 */

import { ECH_FAILURE_BURST, ECH_FAILURES_PER_SECOND, MAX_ECH_SOURCES } from "../model/limits.ts";
import { parseIp } from "../proto/ip.ts";

/** What flows need beyond their own state to serve ECH: one for all flows of an engine, or of one of its workers. */
export interface EchResources {
  readonly budget: EchBudget;
  /** Random bytes that are fit for secrets. */
  readonly random: (length: number) => Uint8Array;
}

/** Tries that a source has left, at a time. */
interface Bucket {
  readonly tries: number;
  readonly at: number;
}

/**
 * A budget of failed opens for each source, a token bucket: an operation with a private key costs a server far more than
 * it costs a client to send a hello that looks as if it were for one of its keys. Opens that succeed cost nothing. A source
 * is an IPv4 address, or the first 64 bits of an IPv6 address, as of that whole networks are given away (RFC 6177).
 */
export class EchBudget {
  /** The one whose last failure lies farthest back comes first. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #onLimited: (host: string) => void;

  /** @param onLimited called for each hello that is not tried */
  constructor(onLimited: (host: string) => void = () => {}) {
    this.#onLimited = onLimited;
  }

  /**
   * Whether a hello may be tried to be opened.
   *
   * @param host the client's IP address
   * @param now milliseconds of any one monotonic clock
   */
  mayTry(host: string, now: number): boolean {
    if (this.#buckets.size === 0) return true;
    const mayTry = this.#left(sourceOf(host), now) >= 1;
    if (!mayTry) this.#onLimited(host);
    return mayTry;
  }

  /**
   * Takes tries that failed off the budget.
   *
   * @param tried how many keys did not open a hello
   */
  failed(host: string, tried: number, now: number): void {
    if (tried === 0) return;
    const source = sourceOf(host);
    const tries = this.#left(source, now) - tried;
    this.#buckets.delete(source);
    if (this.#buckets.size === MAX_ECH_SOURCES) this.#forgetOldest();
    this.#buckets.set(source, { tries, at: now });
  }

  #left(source: string, now: number): number {
    const bucket = this.#buckets.get(source);
    if (bucket === undefined) return ECH_FAILURE_BURST;
    const gained = (now - bucket.at) / 1000 * ECH_FAILURES_PER_SECOND;
    return Math.min(bucket.tries + gained, ECH_FAILURE_BURST);
  }

  #forgetOldest(): void {
    for (const source of this.#buckets.keys()) {
      this.#buckets.delete(source);
      return;
    }
  }
}

function sourceOf(host: string): string {
  const bytes = parseIp(host);
  return bytes === null ? host : bytes.subarray(0, 8).join(".");
}
