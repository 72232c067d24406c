/**
 * Memory with pointers in it, for the system calls that take structures of pointers.
 *
 * @module
 */

import type { Libc } from "./libc.ts";

/** A block of zeroed memory that may hold pointers to itself and to other arenas, and keeps alive what it points to. */
export class Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Asked for once: the memory of an ArrayBuffer never moves. */
  readonly #address: number;
  readonly #targets = new Set<Arena>();

  constructor(libc: Libc, size: number) {
    const buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.#address = libc.addressOf(buffer);
  }

  /**
   * Writes a pointer to byte `index` of `target` at `offset`. Makes no garbage.
   *
   * @throws {RangeError} where either is out of its arena
   */
  setPointer(offset: number, index: number, target: Arena = this): void {
    if (!(index >= 0 && index <= target.bytes.length)) {
      throw new RangeError("A pointer must stay in its arena");
    }
    if (target !== this) this.#targets.add(target);
    const address = target.#address + index;
    this.view.setUint32(offset, address % 2 ** 32, true);
    this.view.setUint32(offset + 4, Math.floor(address / 2 ** 32), true);
  }

  /** Writes a null pointer. */
  clearPointer(offset: number): void {
    this.view.setUint32(offset, 0, true);
    this.view.setUint32(offset + 4, 0, true);
  }
}
