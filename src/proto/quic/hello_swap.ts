/**
 * Outer ClientHellos and the inner ones that take their places in the CRYPTO stream of a client.
 *
 * An inner hello is always the shorter one (RFC 9849 §5.1: the outer hello carries all of it, sealed, beside itself). So
 * each byte of it can stand at the offset that it has in the whole stream, in the packet that carried the outer byte of
 * that offset: what is acknowledged, lost or sent again, and how much room it takes, stays the same.
 *
 * @module
 */

import { concat } from "../bytes.ts";
import { type EchContext, reopenClientHello } from "../ech/open.ts";

/** Data of a CRYPTO frame. */
export interface CryptoData {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** What one client says in its hellos, as it sends it and as the target gets it. */
export class HelloSwap {
  readonly #context: EchContext;
  /** Where the first hello ends. */
  readonly #outerFirst: number;
  readonly #innerFirst: number;
  #outer: Uint8Array;
  #inner: Uint8Array;
  #hasSecond = false;

  /**
   * @param outer the first ClientHello as handshake message, of which a copy is kept
   * @param inner what it opens to
   * @param context what a second hello is opened with, after a HelloRetryRequest
   */
  constructor(outer: Uint8Array, inner: Uint8Array, context: EchContext) {
    this.#context = context;
    this.#outer = new Uint8Array(outer);
    this.#inner = inner;
    this.#outerFirst = outer.length;
    this.#innerFirst = inner.length;
  }

  /** How many bytes from the start of the client's stream can be replaced. */
  get length(): number {
    return this.#outer.length;
  }

  /** Whether there is a second hello, behind which nothing may come. */
  get hasSecond(): boolean {
    return this.#hasSecond;
  }

  /** Whether this is the first hello of the client. */
  beginsWith(outer: Uint8Array): boolean {
    return outer.length === this.#outerFirst && this.agreesWith({ offset: 0, data: outer });
  }

  /** Whether data is what the client has sent at its offset, as far as the hellos reach. */
  agreesWith({ offset, data }: CryptoData): boolean {
    const end = Math.min(data.length, this.#outer.length - offset);
    for (let i = 0; i < end; i++) if (data[i] !== this.#outer[offset + i]) return false;
    return true;
  }

  /**
   * Takes the second hello, which follows directly on the first: a client's messages share one stream.
   *
   * @returns the alert that the client is to get where it breaks a rule, else null
   */
  addSecond(outer: Uint8Array): number | null {
    const opened = reopenClientHello(outer, this.#context);
    if (opened.kind === "fault") return opened.alert;
    this.#outer = concat(this.#outer, outer);
    this.#inner = concat(this.#inner, opened.inner);
    this.#hasSecond = true;
    return null;
  }

  /** What stands for data that agrees with the hellos and lies within them; it may be empty. */
  replace({ offset, data }: CryptoData): CryptoData {
    const start = this.#innerOffset(offset);
    return {
      offset: start,
      data: this.#inner.subarray(start, this.#innerOffset(offset + data.length)),
    };
  }

  /** Grows with the offset, by no more than that does: data in one piece stays in one piece, and gets no longer. */
  #innerOffset(outerOffset: number): number {
    if (outerOffset < this.#outerFirst) return Math.min(outerOffset, this.#innerFirst);
    return Math.min(outerOffset - this.#outerFirst + this.#innerFirst, this.#inner.length);
  }
}
