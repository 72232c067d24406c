/**
 * Memory for datagrams on their way through a worker.
 *
 * @module
 */

import { MAX_DATAGRAM } from "../../../model/limits.ts";
import { Arena } from "../sys/arena.ts";
import { IOVEC } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";

/**
 * Room for the largest datagram, and some cache lines more: slots that all began at a multiple of 64 KiB would compete
 * for the same few lines of the processor's caches. Only pages that are touched take memory.
 */
const STRIDE = 64 * 1024 + 5 * 64;

/** Slots that hold one datagram each, or some that the kernel made into one, with an `iovec` for each slot. */
export class DatagramSlots {
  readonly count: number;
  /** For pointers to an `iovec`: those of adjacent slots are adjacent. */
  readonly iovecs: Arena;
  readonly #memory: Arena;
  readonly #views: readonly Uint8Array<ArrayBuffer>[];

  constructor(libc: Libc, count: number) {
    this.count = count;
    this.iovecs = new Arena(libc, count * IOVEC.size);
    this.#memory = new Arena(libc, count * STRIDE);
    const { buffer } = this.#memory.bytes;
    this.#views = Array.from(
      { length: count },
      (_, slot) => new Uint8Array(buffer, slot * STRIDE, MAX_DATAGRAM),
    );
    for (let slot = 0; slot < count; slot++) {
      this.pointAt(slot, 0, slot * IOVEC.size + IOVEC.base, this.iovecs);
      this.setLength(slot, MAX_DATAGRAM);
    }
  }

  /** All of a slot. */
  view(slot: number): Uint8Array<ArrayBuffer> {
    const view = this.#views[slot];
    if (view === undefined) throw new RangeError(`there is no slot ${slot}`);
    return view;
  }

  /** How much of a slot its `iovec` tells the kernel to fill, or to send. */
  setLength(slot: number, length: number): void {
    this.iovecs.view.setUint32(slot * IOVEC.size + IOVEC.length, length, true);
  }

  /** As {@linkcode DatagramSlots.setLength} has set it. */
  length(slot: number): number {
    return this.iovecs.view.getUint32(slot * IOVEC.size + IOVEC.length, true);
  }

  /** Writes a pointer to a byte of a slot into another arena. */
  pointAt(slot: number, byte: number, offset: number, arena: Arena): void {
    arena.setPointer(offset, slot * STRIDE + byte, this.#memory);
  }
}
