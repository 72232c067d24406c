/**
 * Requests of DNS: header, question and records (RFC 1035 §4.1).
 *
 * Everything works on indices of the array that holds the message, because most messages are looked at to be refused, and
 * that must cost nothing.
 *
 * @module
 */

import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { canonicalHostName } from "../host_name.ts";

/** ID, flags, and the numbers of questions and of answer, authority and additional records. */
export const HEADER_LENGTH = 12;

/** Longest name (RFC 1035 §2.3.4), its length bytes and the zero at its end included. */
const MAX_NAME = 255;
const MAX_LABEL = 63;

/** Longest header and question: behind them a message is known. */
export const MAX_QUESTION_END = HEADER_LENGTH + MAX_NAME + 4;

/** Shortest ones: the name of the root, type and class. */
export const MIN_QUESTION_END = HEADER_LENGTH + 1 + 4;

/** Shortest record: the name of the root, type, class, time to live, and the length of no data. */
const MIN_RECORD = 11;

/** A length byte with these bits points to a name that was there before (RFC 1035 §4.1.4). */
const POINTER = 0xc0;

const QUERY = 0; // RFC 1035 §4.1.1
const NOTIFY = 4; // RFC 1996
const UPDATE = 5; // RFC 2136

/** First byte of the flags: this is a response. */
const QR = 0x80;
const TC = 0x02;
const RD = 0x01;

/** Second byte of the flags: what only a response has, and the bit that must be zero (RFC 6895 §2). */
const RA_Z_RCODE = 0x80 | 0x40 | 0x0f;

const IXFR = 251;

/** IN, CH, HS, NONE, ANY. One more bit, as in multicast DNS, makes it none of them. */
const CLASSES: readonly number[] = [1, 3, 4, 254, 255];

/** Additional records of a query: OPT, TSIG or SIG(0); one more for what may come. */
const MAX_QUERY_ADDITIONAL = 3;

/**
 * Where the question ends, behind its class, of a request that begins at `start`. The bytes of the array may end before:
 * what cannot be a request is refused by the byte that says so.
 */
export function findQuestionEnd(
  bytes: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  if (!mayHaveRequestHeader(bytes, start)) return NO_MATCH;
  if (bytes.length < start + HEADER_LENGTH) return NEED_MORE;

  const nameEnd = findFullNameEnd(bytes, start + HEADER_LENGTH);
  if (typeof nameEnd !== "number") return nameEnd;
  const end = nameEnd + 4;
  if (bytes.length < end) return NEED_MORE;
  const type = u16(bytes, nameEnd);
  if (type === 0 || !CLASSES.includes(u16(bytes, nameEnd + 2))) return NO_MATCH;
  const hasAuthority = u16(bytes, start + 8) > 0; // the SOA record that the client has (RFC 1995 §3)
  if (opcode(bytes, start) === QUERY && hasAuthority && type !== IXFR) return NO_MATCH;
  return end;
}

/** Whether the header of a message that begins at `start` is one of a request, as far as there are bytes of it. */
export function mayHaveRequestHeader(bytes: Uint8Array, start: number): boolean {
  const known = Math.min(bytes.length - start, HEADER_LENGTH);
  for (let i = 2; i < known; i++) {
    if (!mayStandInHeader(bytes[start + i] ?? 0, i, opcode(bytes, start))) return false;
  }
  return true;
}

/** Whether a datagram has the header of a query that asks for recursion, and something behind it, right or wrong. */
export function hasRecursiveHeader(datagram: Uint8Array): boolean {
  return datagram.length > HEADER_LENGTH &&
    datagram[2] === RD && ((datagram[3] ?? 0) & RA_Z_RCODE) === 0 &&
    datagram[4] === 0 && datagram[5] !== 0 &&
    u16(datagram, 6) === 0 && u16(datagram, 8) === 0 && u16(datagram, 10) <= MAX_QUERY_ADDITIONAL;
}

/** Whether a message of this length has room for the records that its header counts, or is at its end without any. */
export function hasRoomForRecords(
  bytes: Uint8Array,
  start: number,
  questionEnd: number,
  messageEnd: number,
): boolean {
  const records = countRecords(bytes, start);
  const room = messageEnd - questionEnd;
  return records === 0 ? room === 0 : room >= records * MIN_RECORD;
}

/** Whether the records that the header of a datagram counts end where the datagram ends. */
export function endsWithRecords(datagram: Uint8Array, questionEnd: number): boolean {
  let position = questionEnd;
  for (let left = countRecords(datagram, 0); left > 0; left--) {
    const fixed = skipName(datagram, position);
    if (fixed + 10 > datagram.length) return false;
    position = fixed + 10 + u16(datagram, fixed + 8);
  }
  return position === datagram.length;
}

/**
 * The name in the question of a request, as a host; null where it can be none.
 *
 * @param questionEnd what `findQuestionEnd()` said
 */
export function readQueryName(
  bytes: Uint8Array,
  start: number,
  questionEnd: number,
): string | null {
  const end = questionEnd - 5; // before the zero byte
  let position = start + HEADER_LENGTH;
  if (position === end) return "";
  const labels: string[] = [];
  while (position < end) {
    const label = position + 1;
    position = label + (bytes[position] ?? 0);
    const text = latin1(bytes.subarray(label, position));
    if (text.includes(".")) return null;
    labels.push(text);
  }
  return canonicalHostName(labels.join("."));
}

/** Two bytes in network order. */
export function u16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) << 8 | (bytes[offset + 1] ?? 0);
}

/** Whether a byte of the header can be one of a request; `index` counts from the header's first byte. */
function mayStandInHeader(byte: number, index: number, opcode: number): boolean {
  switch (index) {
    case 2:
      return (byte & (QR | TC)) === 0 &&
        (opcode === QUERY || opcode === NOTIFY || opcode === UPDATE);
    case 3:
      return (byte & RA_Z_RCODE) === 0;
    case 5: // one question, or the one zone of an update
      return byte === 1;
    case 7: // no answers; a notification has one at most, an update (of prerequisites) any number
      return opcode === UPDATE || byte <= (opcode === NOTIFY ? 1 : 0);
    case 9:
      return opcode === UPDATE || byte <= 1;
    case 11:
      return opcode === UPDATE || byte <= MAX_QUERY_ADDITIONAL;
    case 4:
      return byte === 0;
    default: // the first byte of the other numbers
      return opcode === UPDATE || byte === 0;
  }
}

function opcode(bytes: Uint8Array, start: number): number {
  return (bytes[start + 2] ?? 0) >> 3 & 0x0f;
}

function countRecords(bytes: Uint8Array, start: number): number {
  return u16(bytes, start + 6) + u16(bytes, start + 8) + u16(bytes, start + 10);
}

/** Behind the zero byte of a name without pointers, as the first one of a message is. */
function findFullNameEnd(
  bytes: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  let position = start;
  while (position < start + MAX_NAME) {
    const length = bytes[position];
    if (length === undefined) return NEED_MORE;
    if (length === 0) return position + 1;
    if (length > MAX_LABEL) return NO_MATCH;
    position += length + 1;
  }
  return NO_MATCH;
}

/** Behind a name that may end in a pointer; behind the end of the datagram where it does not end. */
function skipName(datagram: Uint8Array, start: number): number {
  let position = start;
  while (position < datagram.length) {
    const length = datagram[position] ?? 0;
    if (length === 0) return position + 1;
    if (length >= POINTER) return position + 2;
    if (length > MAX_LABEL) break;
    position += length + 1;
  }
  return datagram.length + 1;
}
