/**
 * The buffer of one direction of a relay.
 *
 * @module
 */

import { INITIAL_READ_BUFFER, MAX_READ_BUFFER } from "../../model/limits.ts";
import type { BufferPool } from "../buffer_pool.ts";

/**
 * Waits for bytes in a small buffer and, while reads fill what they are given, takes them in ever larger ones.
 *
 * A pending read of Deno cannot be taken back, and so its buffer cannot be made smaller: a connection that has moved much
 * and then falls silent would hold the large one for as long as it lives. Side by side, the extra read after every pause
 * cost neither requests nor bytes a second.
 */
export class ReadBuffer implements Disposable {
  readonly #pool: BufferPool;
  /** Size that follows a small buffer that was filled: as large as the traffic needed before. */
  #large = 2 * INITIAL_READ_BUFFER;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.#bytes = pool.take(INITIAL_READ_BUFFER);
  }

  /** Where the next read goes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Fits the size for the next read to the number of bytes that the last one brought. */
  fit(count: number): void {
    const size = this.#bytes.length;
    const small = size === INITIAL_READ_BUFFER;
    if (count === size) {
      if (!small) this.#large = Math.min(2 * size, MAX_READ_BUFFER);
      this.#resize(this.#large);
    } else if (!small) {
      if (count < size / 4) this.#large = Math.max(size / 2, 2 * INITIAL_READ_BUFFER);
      this.#resize(INITIAL_READ_BUFFER);
    }
  }

  [Symbol.dispose](): void {
    this.#pool.give(this.#bytes);
    this.#bytes = new Uint8Array(0);
  }

  #resize(size: number): void {
    if (size === this.#bytes.length) return;
    this.#pool.give(this.#bytes);
    this.#bytes = this.#pool.take(size);
  }
}
