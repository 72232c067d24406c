/**
 * A queue of byte records in shared memory, from one thread to another.
 *
 * @module
 */

/** Bytes before each record: its length. */
const HEADER = 4;

/**
 * A ring that one thread writes and another reads. Neither ever waits: a record that does not fit is not taken.
 *
 * Positions count bytes since the beginning and wrap at 2³², so the size must be a power of two.
 */
export class ReportRing {
  readonly #positions: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #header = new Uint8Array(HEADER);
  readonly #headerView = new DataView(this.#header.buffer);

  /** How much shared memory a ring takes that holds `size` bytes. */
  static bytes(size: number): number {
    return 8 + size;
  }

  constructor(memory: SharedArrayBuffer, offset: number, size: number) {
    this.#positions = new Int32Array(memory, offset, 2);
    this.#bytes = new Uint8Array(memory, offset + 8, size);
  }

  /** Where the next record will be written: all before it may be read. */
  get head(): number {
    return Atomics.load(this.#positions, 0);
  }

  /** Whether the reader has read all that was written. */
  get isEmpty(): boolean {
    return this.head === this.#tail;
  }

  /** Writer: appends the first `length` bytes of `record`. Returns whether there was room. */
  write(record: Uint8Array, length: number): boolean {
    const used = (this.head - this.#tail) >>> 0;
    if (used + HEADER + length > this.#bytes.length) return false;
    this.#headerView.setUint32(0, length, true);
    this.#put(this.head, this.#header, HEADER);
    this.#put(this.head + HEADER, record, length);
    Atomics.store(this.#positions, 0, this.head + HEADER + length | 0);
    return true;
  }

  /** Reader: takes the record that is next before `head`; null where there is none. Valid until the next call. */
  read(head: number, into: Uint8Array): number | null {
    const tail = this.#tail;
    // Past it, too: whoever is handed a record may have the next ones read at once.
    if ((head - tail | 0) <= 0) return null;
    this.#take(tail, this.#header, HEADER);
    const length = this.#headerView.getUint32(0, true);
    this.#take(tail + HEADER, into, length);
    Atomics.store(this.#positions, 1, tail + HEADER + length | 0);
    return length;
  }

  get #tail(): number {
    return Atomics.load(this.#positions, 1);
  }

  #put(position: number, from: Uint8Array, length: number): void {
    const start = position & (this.#bytes.length - 1);
    const first = Math.min(length, this.#bytes.length - start);
    this.#bytes.set(from.subarray(0, first), start);
    if (first < length) this.#bytes.set(from.subarray(first, length), 0);
  }

  #take(position: number, into: Uint8Array, length: number): void {
    const start = position & (this.#bytes.length - 1);
    const first = Math.min(length, this.#bytes.length - start);
    into.set(this.#bytes.subarray(start, start + first));
    if (first < length) into.set(this.#bytes.subarray(0, length - first), first);
  }
}
