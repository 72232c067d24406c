/**
 * Spare buffers, by size.
 *
 * @module
 */

/** Bytes of spare buffers that an engine keeps. */
const MAX_SPARE_BYTES = 16 * 1024 * 1024;

/** Spare buffers, so that one that grows and shrinks with the traffic makes no garbage. */
export class BufferPool {
  readonly #spare = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #bytes = 0;

  /** A buffer of `size` bytes with whatever its last user left in it. Sizes are meant to be few. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#spare.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(size);
    this.#bytes -= size;
    return buffer;
  }

  /** Gives back a buffer on which no read or write is pending. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const size = buffer.length;
    if (this.#bytes + size > MAX_SPARE_BYTES) return;
    const spare = this.#spare.get(size);
    if (spare === undefined) this.#spare.set(size, [buffer]);
    else spare.push(buffer);
    this.#bytes += size;
  }
}
