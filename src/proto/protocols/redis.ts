/**
 * Commands in the protocol of Redis, RESP ("Redis serialization protocol specification").
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DOLLAR = 0x24;
const ASTERISK = 0x2a;
const ZERO = 0x30;
const NINE = 0x39;
const DELETE = 0x7f;

/** `PING`, in the lower case that `TO_LOWER` makes of letters. */
const PING = [0x70, 0x69, 0x6e, 0x67] as const;
const TO_LOWER = 0x20;

/** Digits of how many words a command has: servers take 1,048,576. */
const MAX_COUNT_DIGITS = 7;

/** Digits of how long a command's name is. The longest have some thirty letters. */
const MAX_LENGTH_DIGITS = 2;
const MAX_NAME = 99;

/** Redis, and all that speak its protocol. */
export const REDIS: TcpProtocolSpec = {
  name: "redis",
  certainty: "strong",
  bound: 1 + MAX_COUNT_DIGITS + 2 + 1 + MAX_LENGTH_DIGITS + 2 + MAX_NAME + 2,
  fields: [],
  versions: [],
  prepare: () => () => detectRedis,
};

/**
 * Recognises the first command: the head of an array of bulk strings with the first of these, which is its name; or
 * `PING` as a line, the one inline command that no other protocol has.
 */
export function detectRedis(head: Uint8Array): Verdict<Detected> {
  const first = head[0];
  if (first === undefined) return NEED_MORE;
  return first === ASTERISK ? detectArray(head) : detectPing(head);
}

function detectArray(head: Uint8Array): Verdict<Detected> {
  const countEnd = findNumberEnd(head, 1, MAX_COUNT_DIGITS);
  if (typeof countEnd !== "number") return countEnd;
  const mark = head[countEnd];
  if (mark === undefined) return NEED_MORE;
  if (mark !== DOLLAR) return NO_MATCH;

  const lengthEnd = findNumberEnd(head, countEnd + 1, MAX_LENGTH_DIGITS);
  if (typeof lengthEnd !== "number") return lengthEnd;
  const nameEnd = lengthEnd + readNumber(head, countEnd + 1);
  for (let i = lengthEnd; i < nameEnd; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte <= SPACE || byte >= DELETE) return NO_MATCH; // commands can be renamed, but to one word
  }
  const end = findLineEnd(head, nameEnd);
  return typeof end === "number" ? plainMatch("redis", null, end) : end;
}

function detectPing(head: Uint8Array): Verdict<Detected> {
  for (let i = 0; i < PING.length; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if ((byte | TO_LOWER) !== PING[i]) return NO_MATCH;
  }
  if (head[PING.length] === LF) return plainMatch("redis", null, PING.length + 1);
  const end = findLineEnd(head, PING.length);
  return typeof end === "number" ? plainMatch("redis", null, end) : end;
}

/** Where what follows a number and its line end begins. Numbers are positive and have no leading zero. */
function findNumberEnd(
  head: Uint8Array,
  start: number,
  maxDigits: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = start; i <= start + maxDigits; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === CR && i > start) return findLineEnd(head, i);
    if (byte < ZERO || byte > NINE || (byte === ZERO && i === start)) return NO_MATCH;
  }
  return NO_MATCH;
}

function findLineEnd(
  head: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  const cr = head[start];
  const lf = head[start + 1];
  if (cr !== undefined && cr !== CR) return NO_MATCH;
  if (lf !== undefined && lf !== LF) return NO_MATCH;
  return lf === undefined ? NEED_MORE : start + 2;
}

function readNumber(head: Uint8Array, start: number): number {
  let number = 0;
  for (let i = start; head[i] !== CR; i++) number = number * 10 + (head[i] ?? ZERO) - ZERO;
  return number;
}
