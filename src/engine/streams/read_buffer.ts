/**
 * The buffer of one direction of a relay.
 *
 * @module
 */

import { INITIAL_READ_BUFFER, MAX_READ_BUFFER } from "../../model/limits.ts";

/** Bytes of spare buffers that an engine keeps. */
const MAX_SPARE_BYTES = 16 * 1024 * 1024;

/** Spare buffers, so that one that grows and shrinks with the traffic makes no garbage. */
export class BufferPool {
  readonly #spare = new Map<number, Uint8Array[]>();
  #bytes = 0;

  take(size: number): Uint8Array {
    const buffer = this.#spare.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(size);
    this.#bytes -= size;
    return buffer;
  }

  /** Gives back a buffer on which no read or write is pending. */
  give(buffer: Uint8Array): void {
    const size = buffer.length;
    if (this.#bytes + size > MAX_SPARE_BYTES) return;
    const spare = this.#spare.get(size);
    if (spare === undefined) this.#spare.set(size, [buffer]);
    else spare.push(buffer);
    this.#bytes += size;
  }
}

/** A buffer that grows while reads fill it and shrinks when they stay small, by a factor of two a read. */
export class ReadBuffer implements Disposable {
  readonly #pool: BufferPool;
  bytes: Uint8Array;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.bytes = pool.take(INITIAL_READ_BUFFER);
  }

  /** Fits the size for the next read to the bytes that the last one brought. */
  fit(count: number): void {
    const size = this.bytes.length;
    if (count === size && size < MAX_READ_BUFFER) this.#resize(size * 2);
    else if (count < size / 4 && size > INITIAL_READ_BUFFER) this.#resize(size / 2);
  }

  [Symbol.dispose](): void {
    this.#pool.give(this.bytes);
    this.bytes = new Uint8Array(0);
  }

  #resize(size: number): void {
    this.#pool.give(this.bytes);
    this.bytes = this.#pool.take(size);
  }
}
