/**
 * Numbers and text to bytes and back, for records that two threads of one process exchange.
 *
 * @module
 */

/** Header of a text that is null. Other headers are the length, and this bit where characters take two bytes. */
const NO_TEXT = 0xffff;
const WIDE = 0x8000;

/** One double and its bytes, to go from one to the other without a view for each. */
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** Writes one record after the other into the same buffer. What does not fit is not written: see `fits`. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  #length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Bytes of the record so far. */
  get length(): number {
    return this.#length;
  }

  /** Whether all of the record is there. */
  get fits(): boolean {
    return this.#length <= this.bytes.length;
  }

  /** Begins a new record. */
  restart(): void {
    this.#length = 0;
  }

  uint8(value: number): void {
    this.bytes[this.#length++] = value;
  }

  uint16(value: number): void {
    this.uint8(value);
    this.uint8(value >>> 8);
  }

  uint32(value: number): void {
    this.uint16(value);
    this.uint16(value >>> 16);
  }

  float64(value: number): void {
    double[0] = value;
    for (let index = 0; index < 8; index++) this.uint8(doubleBytes[index] ?? 0);
  }

  /** Text of up to 32,766 characters: nearly all of it is ASCII, and too short for an encoder to be worth its call. */
  text(text: string | null): void {
    if (text === null) return this.uint16(NO_TEXT);
    const { length } = text;
    // Nothing that long fits, and its length has no room in the header.
    if (length >= WIDE - 1) {
      this.#length = Infinity;
      return;
    }
    const start = this.#length;
    this.uint16(length);
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0xff) return this.#wideText(text, start);
      this.uint8(code);
    }
  }

  #wideText(text: string, start: number): void {
    this.#length = start;
    this.uint16(text.length | WIDE);
    for (let index = 0; index < text.length; index++) this.uint16(text.charCodeAt(index));
  }
}

/** Reads what a {@linkcode ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint8(): number {
    return this.#bytes[this.#offset++] ?? 0;
  }

  uint16(): number {
    return this.uint8() | this.uint8() << 8;
  }

  uint32(): number {
    return (this.uint16() | this.uint16() << 16) >>> 0;
  }

  float64(): number {
    for (let index = 0; index < 8; index++) doubleBytes[index] = this.uint8();
    return double[0] ?? 0;
  }

  text(): string | null {
    const header = this.uint16();
    if (header === NO_TEXT) return null;
    let text = "";
    for (let left = header & ~WIDE; left > 0; left--) {
      text += String.fromCharCode(header & WIDE ? this.uint16() : this.uint8());
    }
    return text;
  }
}
