/**
 * Syslog over TCP (RFC 6587): messages of RFC 5424, and of the older format that RFC 3164 describes.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

const SPACE = 0x20;
const HYPHEN = 0x2d;
const ZERO = 0x30;
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const DELETE = 0x7f;

/** Digits of a message's length: no message of a MiB is sent. */
const MAX_LENGTH_DIGITS = 6;

/** 23 facilities and 8 severities (RFC 5424 §6.2.1): three digits. */
const MAX_PRIORITY = 191;

/** Length with its space, priority in brackets, and what tells the version: `1 2`. */
const BOUND = MAX_LENGTH_DIGITS + 1 + 5 + 3;

const RFC_5424 = "RFC 5424";
const RFC_3164 = "RFC 3164";

/** Syslog. */
export const SYSLOG: TcpProtocolSpec = {
  name: "syslog",
  certainty: "strong",
  bound: BOUND,
  fields: [],
  versions: [RFC_3164, RFC_5424],
  prepare: () => () => detectSyslog,
};

/** Recognises a priority in brackets, behind the length of the message or not, and the text that begins behind it. */
export function detectSyslog(head: Uint8Array): Verdict<Detected> {
  const start = findMessageStart(head);
  if (typeof start !== "number") return start;
  const text = findPriorityEnd(head, start);
  if (typeof text !== "number") return text;
  return detectText(head, text);
}

/** Octet counting (RFC 6587 §3.4.1) puts the length and a space in front; else the message begins at once. */
function findMessageStart(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = 0; i <= MAX_LENGTH_DIGITS; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === SPACE && i > 0) return i + 1;
    if (byte === LESS_THAN && i === 0) return 0;
    if (!isDigit(byte) || (byte === ZERO && i === 0)) return NO_MATCH;
  }
  return NO_MATCH;
}

/** Behind `<PRI>`: a number without leading zeros. */
function findPriorityEnd(
  head: Uint8Array,
  start: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  const first = head[start];
  if (first === undefined) return NEED_MORE;
  if (first !== LESS_THAN) return NO_MATCH;
  let priority = 0;
  for (let i = start + 1;; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === GREATER_THAN && i > start + 1) return i + 1;
    const isLeadingZero = priority === 0 && i > start + 1;
    if (!isDigit(byte) || isLeadingZero) return NO_MATCH;
    priority = priority * 10 + byte - ZERO;
    if (priority > MAX_PRIORITY) return NO_MATCH;
  }
}

/** RFC 5424 has its version, 1, and a time or a hyphen; the older format is any text (RFC 3164 §4.3.3). */
function detectText(head: Uint8Array, start: number): Verdict<Detected> {
  const first = head[start];
  const second = head[start + 1];
  const third = head[start + 2];
  if (first === undefined) return NEED_MORE;
  if (first < SPACE || first === DELETE) return NO_MATCH;
  if (first !== ZERO + 1) return plainMatch("syslog", RFC_3164, start + 1);
  if (second === undefined) return NEED_MORE;
  if (second !== SPACE) return plainMatch("syslog", RFC_3164, start + 2);
  if (third === undefined) return NEED_MORE;
  const version = third === HYPHEN || isDigit(third) ? RFC_5424 : RFC_3164;
  return plainMatch("syslog", version, start + 3);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
