/**
 * Writes to one connection by several who know nothing of each other.
 *
 * @module
 */

/** What a write comes to; it must not reject. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** Writes one thing after the other, each whole: two writes at once would get into each other's bytes. */
export class Outbox {
  readonly #write: Write;
  #last: Promise<void> = Promise.resolve();

  constructor(write: Write) {
    this.#write = write;
  }

  /** Writes a copy of `bytes` behind all that was put in before, and resolves when that is done. */
  put(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    this.#last = this.#last.then(() => this.#write(copy));
    return this.#last;
  }

  /** Resolves when all is written that was put in so far. */
  emptied(): Promise<void> {
    return this.#last;
  }
}
