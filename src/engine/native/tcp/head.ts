/**
 * The client's first bytes, held until it is known where they go.
 *
 * @module
 */

import { INITIAL_READ_BUFFER } from "../../../model/limits.ts";
import type { BufferPool } from "../../buffer_pool.ts";

const NOTHING = new Uint8Array(new ArrayBuffer(0));

/** A buffer that grows with what is put in, and is none while nothing was. */
export class Head {
  readonly #pool: BufferPool;
  #buffer = NOTHING;
  #length = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#length;
  }

  /** All bytes; valid until the next `append()` or `release()`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** Forgets the bytes, and gives their buffer back. */
  release(): void {
    if (this.#buffer.length > 0) this.#pool.give(this.#buffer);
    this.#buffer = NOTHING;
    this.#length = 0;
  }

  #grow(length: number): void {
    let size = Math.max(this.#buffer.length, INITIAL_READ_BUFFER);
    while (size < length) size *= 2;
    const grown = this.#pool.take(size);
    grown.set(this.bytes);
    if (this.#buffer.length > 0) this.#pool.give(this.#buffer);
    this.#buffer = grown;
  }
}
