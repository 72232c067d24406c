/**
 * The first line of a tinc daemon ("The tinc manual", "Legacy authentication protocol": ID; for lengths and invitations the
 * source of tinc 1.1).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

const LF = 0x0a;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const QUESTION_MARK = 0x3f;
const UNDERSCORE = 0x5f;

/** Number of the request. */
const ID = asciiMark("0 ");

/** Longest name. A daemon takes up to 2,048 bytes, but names are those of files. */
const MAX_NAME = 255;

/** Major version 17 is that of all tinc since 1.0; a daemon reads two digits of it, and three of the minor one. */
const MAX_MAJOR_DIGITS = 2;
const MAX_MINOR_DIGITS = 3;

/** tinc. */
export const TINC: TcpProtocolSpec = {
  name: "tinc",
  certainty: "strong",
  bound: ID.length + MAX_NAME + 1 + MAX_MAJOR_DIGITS + 1 + MAX_MINOR_DIGITS + 1,
  fields: [],
  versions: ["protocol *"],
  prepare: () => () => detectTinc,
};

/** Recognises an ID request: `0`, the name of the node or `?` with a key of an invitation, and the protocol's version. */
export function detectTinc(head: Uint8Array): Verdict<Detected> {
  const markEnd = findMarkEnd(head, 0, ID);
  if (typeof markEnd !== "number") return markEnd;
  const nameEnd = findNameEnd(head);
  if (typeof nameEnd !== "number") return nameEnd;

  const version = nameEnd + 1;
  const majorEnd = findNumberEnd(head, version, MAX_MAJOR_DIGITS);
  if (typeof majorEnd !== "number") return majorEnd;
  if (head[majorEnd] === LF) return match(head, version, majorEnd);
  if (head[majorEnd] !== DOT) return NO_MATCH;
  const minorEnd = findNumberEnd(head, majorEnd + 1, MAX_MINOR_DIGITS);
  if (typeof minorEnd !== "number") return minorEnd;
  return head[minorEnd] === LF ? match(head, version, minorEnd) : NO_MATCH;
}

function match(head: Uint8Array, version: number, lineEnd: number): Verdict<Detected> {
  return plainMatch("tinc", `protocol ${latin1(head.subarray(version, lineEnd))}`, lineEnd + 1);
}

/** Where the space behind the name is. */
function findNameEnd(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  const isInvitation = head[ID.length] === QUESTION_MARK;
  const start = isInvitation ? ID.length + 1 : ID.length;
  for (let i = start; i <= ID.length + MAX_NAME; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === SPACE && i > start) return i;
    if (isInvitation ? !isBase64Byte(byte) : !isNameByte(byte)) return NO_MATCH;
  }
  return NO_MATCH;
}

function isNameByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === UNDERSCORE;
}

/** Of either alphabet (RFC 4648 §4 and §5): tinc reads both. */
function isBase64Byte(byte: number): boolean {
  return isNameByte(byte) || byte === PLUS || byte === SLASH || byte === MINUS;
}

/** Where a number of at least one digit and at most `maxDigits` ends. */
function findNumberEnd(
  head: Uint8Array,
  start: number,
  maxDigits: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = start; i <= start + maxDigits; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (!isDigit(byte)) return i > start ? i : NO_MATCH;
  }
  return NO_MATCH;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
