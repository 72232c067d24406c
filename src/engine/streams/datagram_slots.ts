/**
 * Buffers for datagrams.
 *
 * @module
 */

import { MAX_DATAGRAM } from "../../model/limits.ts";

const SLOT_SIZE = 64 * 1024;
const SLOTS_PER_SLAB = 16;

/**
 * Lends buffers that hold any datagram. Every session has one on loan for its pending `receive`. They are cut from
 * slabs so large that the system maps them page by page, at the first touch: a session whose datagrams are of the
 * usual size costs one page, not 64 KiB.
 */
export class DatagramSlots {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    const slab = new ArrayBuffer(SLOT_SIZE * SLOTS_PER_SLAB);
    for (let index = SLOTS_PER_SLAB - 1; index > 0; index--) this.#free.push(cut(slab, index));
    return cut(slab, 0);
  }

  /** Gives back a slot on which no operation is pending. */
  give(slot: Uint8Array): void {
    this.#free.push(slot);
  }
}

function cut(slab: ArrayBuffer, index: number): Uint8Array {
  return new Uint8Array(slab, index * SLOT_SIZE, MAX_DATAGRAM);
}
