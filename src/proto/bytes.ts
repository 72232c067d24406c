/**
 * A bounds-checked cursor over bytes, the only way in which parsers touch them.
 *
 * A read past the end does not throw: it yields zero or nothing, moves the cursor to the end and marks the reader as
 * overrun. A parser reads a structure straight through and asks once, at its end, whether all was there; loops over
 * `remaining` end by themselves.
 *
 * @module
 */

const NO_BYTES = new Uint8Array(0);

/** Reads big-endian values from a range of a byte array. Never copies; `take` and `rest` give views. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;
  #overrun = false;

  /** Reads `bytes` from `start` to before `end`; both are clamped to what is there. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#end = Math.min(end, bytes.length);
    this.#position = Math.min(start, this.#end);
  }

  /** Offset of the next byte in the array that the outermost reader was made over. */
  get offset(): number {
    return this.#position;
  }

  /** Bytes left; 0 after an overrun. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Whether a read asked for more than was there. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** Whether everything was read, to the last byte and no further. */
  get complete(): boolean {
    return !this.#overrun && this.#position === this.#end;
  }

  /** One byte; 0 on overrun, as with all the integers below. */
  u8(): number {
    if (!this.#has(1)) return 0;
    return this.#bytes[this.#position++] ?? 0;
  }

  /** Two bytes. */
  u16(): number {
    if (!this.#has(2)) return 0;
    return this.u8() << 8 | this.u8();
  }

  /** Three bytes. */
  u24(): number {
    if (!this.#has(3)) return 0;
    return this.u16() << 8 | this.u8();
  }

  /** Four bytes, unsigned. */
  u32(): number {
    if (!this.#has(4)) return 0;
    return (this.u16() << 16 | this.u16()) >>> 0;
  }

  /** A view of the next `length` bytes; empty on overrun. */
  take(length: number): Uint8Array {
    if (!this.#has(length)) return NO_BYTES;
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  /** A reader over the next `length` bytes, with offsets of the same array; overrun from the start if they are not there. */
  sub(length: number): Reader {
    const fits = this.#has(length);
    const inner = new Reader(this.#bytes, this.#position, fits ? this.#position + length : 0);
    if (fits) this.#position += length;
    else inner.#overrun = true;
    return inner;
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    if (this.#has(length)) this.#position += length;
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  #has(length: number): boolean {
    if (!this.#overrun && length <= this.#end - this.#position) return true;
    this.#position = this.#end;
    this.#overrun = true;
    return false;
  }
}

/** All parts one after the other, in memory of their own. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Whether two arrays hold the same bytes. Takes no care to hide where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * Reads bytes as Latin-1, one character a byte. For short strings: the caller bounds the length.
 *
 * In one call, because a string that is put together from characters takes some thirty bytes for each of them, for as long
 * as nobody looks into it.
 */
export function latin1(bytes: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, null, bytes);
}

/** A text as {@linkcode latin1} reads it when a client sends it in UTF-8. */
export function utf8AsLatin1(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** How many bytes from `start` on are those of a mark, up to the first that differs or is not there. */
export function commonLength(bytes: Uint8Array, mark: Uint8Array, start = 0): number {
  let length = 0;
  while (length < mark.length && bytes[start + length] === mark[length]) length++;
  return length;
}
