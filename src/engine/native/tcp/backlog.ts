/**
 * Bytes that were read from one socket and wait for room in the other.
 *
 * @module
 */

import type { BufferPool } from "../../buffer_pool.ts";
import type { Libc } from "../sys/libc.ts";

/** What waits, and how it gets out. */
export interface Backlog {
  /** Bytes that wait. */
  readonly length: number;
  /** Moves what the socket takes. Returns how many bytes that was, 0 when it has no room, or a negative errno. */
  writeTo(libc: Libc, fd: number): number;
  /** Gives back what it is made of; what still waits is abandoned. */
  release(): void;
}

/** Smallest buffer for what a socket did not take. */
const MIN_BUFFER = 4 * 1024;

/** A backlog in our memory. */
export class HeldBytes implements Backlog {
  readonly #pool: BufferPool;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  #start = 0;

  /** Holds a copy of `bytes`. */
  constructor(pool: BufferPool, bytes: Uint8Array) {
    this.#pool = pool;
    this.#buffer = pool.take(sizeFor(bytes.length));
    this.#buffer.set(bytes);
    this.#end = bytes.length;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** What waits; valid until it is released. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  writeTo(libc: Libc, fd: number): number {
    const count = libc.sendAt(fd, this.#buffer, this.#start, this.length, 0);
    if (count > 0) this.#start += count;
    return count;
  }

  release(): void {
    this.#start = this.#end;
    this.#pool.give(this.#buffer);
  }
}

/** Powers of two, so that the pool has few sizes to keep. */
function sizeFor(length: number): number {
  let size = MIN_BUFFER;
  while (size < length) size *= 2;
  return size;
}
