/**
 * Messages of BitTorrent's distributed hash table, KRPC (BEP 5).
 *
 * @module
 */

import {
  DICTIONARY,
  findEntry,
  findStringEnd,
  findValueEnd,
  LETTER_LENGTH,
  LIST,
} from "./bencoding.ts";

/** Keys of a message, `a`, `e`, `q`, `r`, `t` and `y`. Three of them are types as well. */
const ARGUMENTS = 0x61;
const ERROR = 0x65;
const QUERY = 0x71;
const RESPONSE = 0x72;
const TRANSACTION = 0x74;
const TYPE = 0x79;

/** Whether a datagram is one query, response or error, to its last byte, with all that its type says to be there. */
export function isKrpcMessage(datagram: Uint8Array): boolean {
  if (datagram[0] !== DICTIONARY || findValueEnd(datagram, 0) !== datagram.length) return false;
  const type = findEntry(datagram, TYPE);
  if (type < 0 || findStringEnd(datagram, type) !== type + LETTER_LENGTH) return false;
  if (!hasString(datagram, TRANSACTION)) return false;
  switch (datagram[type + LETTER_LENGTH - 1]) {
    case QUERY:
      return hasString(datagram, QUERY) && has(datagram, ARGUMENTS, DICTIONARY);
    case RESPONSE:
      return has(datagram, RESPONSE, DICTIONARY);
    case ERROR:
      return has(datagram, ERROR, LIST);
    default:
      return false;
  }
}

function has(datagram: Uint8Array, key: number, firstByte: number): boolean {
  const value = findEntry(datagram, key);
  return value >= 0 && datagram[value] === firstByte;
}

function hasString(datagram: Uint8Array, key: number): boolean {
  const value = findEntry(datagram, key);
  return value >= 0 && findStringEnd(datagram, value) >= 0;
}
