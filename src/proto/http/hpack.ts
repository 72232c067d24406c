/**
 * Decoding of header blocks (HPACK, RFC 7541).
 *
 * @module
 */

import { Reader } from "../bytes.ts";
import { type HeaderField, STATIC_TABLE } from "./hpack_static_table.ts";
import { decodeHuffman } from "./huffman.ts";

/** Size of the dynamic table that a client may use before it has heard from its server (RFC 9113 §6.5.2). */
const INITIAL_TABLE_SIZE = 4096;

/** What an entry takes beside its octets (RFC 7541 §4.1). */
const ENTRY_OVERHEAD = 32;

/** Bytes of an integer behind its prefix: four make 28 bits, more than any length or index within a block. */
const MAX_INTEGER_BYTES = 4;

/** Decodes the header blocks of one connection, in their order. */
export class HpackDecoder {
  readonly #table: DynamicTable;

  /** @param maxTableSize octets that the dynamic table may have */
  constructor(maxTableSize: number = INITIAL_TABLE_SIZE) {
    this.#table = new DynamicTable(maxTableSize);
  }

  /**
   * Shows the fields of a block to `visit` in their order, until it says that it has seen enough. No later block can be
   * decoded after that.
   *
   * @param visit what it gets are views of the block, or of arrays of their own
   * @returns whether the block is sound, as far as it was read
   */
  decode(block: Uint8Array, visit: (field: HeaderField) => "more" | "enough"): boolean {
    const reader = new Reader(block);
    let mayResize = true;
    while (reader.remaining > 0) {
      const first = reader.u8();
      if ((first & 0xe0) === 0x20) { // §6.3: only at the beginning of a block (§4.2)
        const size = readInteger(reader, first, 5);
        if (!mayResize || size === null || !this.#table.resize(size)) return false;
        continue;
      }
      mayResize = false;
      const field = this.#readField(reader, first);
      if (field === null) return false;
      if (visit(field) === "enough") return true;
    }
    return true;
  }

  #readField(reader: Reader, first: number): HeaderField | null {
    if ((first & 0x80) !== 0) return this.#lookUp(readInteger(reader, first, 7)); // §6.1
    const isIndexed = (first & 0x40) !== 0; // §6.2.1, or else §6.2.2 and §6.2.3, which differ for proxies alone
    const index = readInteger(reader, first, isIndexed ? 6 : 4);
    const name = index === 0 ? readString(reader) : this.#lookUp(index)?.name ?? null;
    const value = name === null ? null : readString(reader);
    if (name === null || value === null) return null;
    const field = { name, value };
    if (isIndexed) this.#table.add(field);
    return field;
  }

  #lookUp(index: number | null): HeaderField | null {
    if (index === null || index === 0) return null;
    return STATIC_TABLE[index - 1] ?? this.#table.at(index - STATIC_TABLE.length);
  }
}

/** RFC 7541 §2.3.2. */
class DynamicTable {
  readonly #maxSize: number;
  #limit: number;
  #size = 0;
  /** Oldest first. */
  readonly #fields: HeaderField[] = [];

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#limit = maxSize;
  }

  /** The field that was added so many times ago, 1 for the last one. */
  at(age: number): HeaderField | null {
    return this.#fields[this.#fields.length - age] ?? null;
  }

  /** A field that is larger than the table leaves it empty (§4.4). */
  add(field: HeaderField): void {
    const size = sizeOf(field);
    this.#evict(this.#limit - size);
    if (size > this.#limit) return;
    this.#fields.push(field);
    this.#size += size;
  }

  /** Whether the table may have this size. */
  resize(limit: number): boolean {
    if (limit > this.#maxSize) return false;
    this.#limit = limit;
    this.#evict(limit);
    return true;
  }

  #evict(limit: number): void {
    while (this.#size > limit) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#size -= sizeOf(oldest);
    }
  }
}

function sizeOf({ name, value }: HeaderField): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

/** RFC 7541 §5.1. */
function readInteger(reader: Reader, first: number, prefixBits: number): number | null {
  const mask = (1 << prefixBits) - 1;
  let value = first & mask;
  if (value < mask) return value;
  for (let i = 0; i < MAX_INTEGER_BYTES; i++) {
    const byte = reader.u8();
    value += (byte & 0x7f) << 7 * i;
    if ((byte & 0x80) === 0) return reader.overrun ? null : value;
  }
  return null;
}

/** RFC 7541 §5.2. */
function readString(reader: Reader): Uint8Array | null {
  const first = reader.u8();
  const length = readInteger(reader, first, 7);
  if (length === null) return null;
  const octets = reader.take(length);
  if (reader.overrun) return null;
  return (first & 0x80) === 0 ? octets : decodeHuffman(octets);
}
