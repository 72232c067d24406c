/**
 * Bencoding (BEP 3), as far as it takes to walk over it: offsets, no values.
 *
 * @module
 */

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const END = 0x65;
const INTEGER = 0x69;

/** What a dictionary, and what a list begins with. */
export const DICTIONARY = 0x64;
export const LIST = 0x6c;

/** Length of a string of one letter, such as `1:q`. */
export const LETTER_LENGTH = 3;

/** Digits of a length: those of the longest datagram. */
const MAX_LENGTH_DIGITS = 5;
/** Digits of an integer: those of 64 bits. */
const MAX_INTEGER_DIGITS = 20;
/** Lists and dictionaries within each other. Messages of BitTorrent have three or four levels. */
const MAX_DEPTH = 8;

/** Offset behind the value at `start`, which ends within `bytes`; -1 where there is none. */
export function findValueEnd(bytes: Uint8Array, start: number, depth = 0): number {
  switch (bytes[start]) {
    case INTEGER:
      return findIntegerEnd(bytes, start + 1);
    case LIST:
    case DICTIONARY:
      return depth === MAX_DEPTH ? -1 : findContentEnd(bytes, start, depth + 1);
    default:
      return findStringEnd(bytes, start);
  }
}

/** Offset behind the string at `start`; -1 where there is none. */
export function findStringEnd(bytes: Uint8Array, start: number): number {
  let length = 0;
  for (let i = start; i <= start + MAX_LENGTH_DIGITS; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === COLON && i > start) {
      const end = i + 1 + length;
      return end <= bytes.length ? end : -1;
    }
    if (!isDigit(byte) || (length === 0 && i > start)) return -1; // no leading zeros
    length = length * 10 + byte - ZERO;
  }
  return -1;
}

/**
 * Offset of the value of a key that is one letter, in the dictionary at the beginning of `bytes`, which has to be whole; -1
 * where there is no such key.
 */
export function findEntry(bytes: Uint8Array, letter: number): number {
  let key = 1;
  while (bytes[key] !== END) {
    const value = findStringEnd(bytes, key);
    if (value < 0) return -1;
    if (value - key === LETTER_LENGTH && bytes[value - 1] === letter) return value;
    key = findValueEnd(bytes, value);
    if (key < 0) return -1;
  }
  return -1;
}

function findContentEnd(bytes: Uint8Array, start: number, depth: number): number {
  const hasKeys = bytes[start] === DICTIONARY;
  let position = start + 1;
  while (bytes[position] !== END) {
    if (hasKeys) position = findStringEnd(bytes, position);
    if (position >= 0) position = findValueEnd(bytes, position, depth);
    if (position < 0) return -1;
  }
  return position + 1;
}

function findIntegerEnd(bytes: Uint8Array, start: number): number {
  const digits = bytes[start] === MINUS ? start + 1 : start;
  for (let i = digits; i <= digits + MAX_INTEGER_DIGITS; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === END && i > digits) return i + 1;
    if (!isDigit(byte)) return -1;
  }
  return -1;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
