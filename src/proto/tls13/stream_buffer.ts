/**
 * Bytes of a stream that are not used up yet.
 *
 * @module
 */

const NO_BYTES = new Uint8Array(0);

/** Copies each byte about twice at most, however they come; nothing where all are used up at once. */
export class StreamBuffer {
  #held: Uint8Array = NO_BYTES;
  #length = 0;

  /** How many bytes are kept. */
  get length(): number {
    return this.#length;
  }

  /** All bytes that are kept, and these behind them. A view, until the next call of `keepFrom`. */
  append(bytes: Uint8Array): Uint8Array {
    if (this.#length === 0) return bytes;
    this.#reserve(this.#length + bytes.length);
    this.#held.set(bytes, this.#length);
    return this.#held.subarray(0, this.#length + bytes.length);
  }

  /** Keeps what `append` has given from an offset on. */
  keepFrom(appended: Uint8Array, offset: number): void {
    const rest = appended.subarray(offset);
    const isInPlace = this.#length > 0 && offset === 0;
    if (!isInPlace) this.#held = rest.slice();
    this.#length = rest.length;
  }

  #reserve(length: number): void {
    if (length <= this.#held.length) return;
    const larger = new Uint8Array(2 * length);
    larger.set(this.#held.subarray(0, this.#length));
    this.#held = larger;
  }
}
