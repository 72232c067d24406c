/**
 * The first message of a PostgreSQL client ("Frontend/Backend Protocol", Message Formats).
 *
 * @module
 */

import type { Detected, MatchField, MatchFields } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { NO_NEEDS, plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { mayHave } from "../marks.ts";

/** Length and code of the message. */
const HEADER_LENGTH = 8;

/** Greatest length of a StartupMessage that servers take (`MAX_STARTUP_PACKET_LENGTH`). */
const MAX_STARTUP = 10_000;
/** With one parameter, whose name has one letter and whose value none, and the zero byte at the end. */
const LEAST_STARTUP = HEADER_LENGTH + 4;
const MAJOR_VERSION = 3;

/** Codes in the place of the version: 1234 as if it were the major one, and these as the minor one. */
const NO_VERSION = 1234;
const CANCEL = 5678;
const SSL = 5679;
const GSS_ENCRYPTION = 5680;

/** Lengths of CancelRequest: a process ID, and a key of four bytes, or, from 3.2 on, of up to 256. */
const LEAST_CANCEL = 16;
const MAX_CANCEL = 12 + 256;

/** Longest name of a parameter (`NAMEDATALEN`), and longest name of a user or a database that is told. */
const MAX_NAME = 63;
const MAX_VALUE = 255;

/** PostgreSQL. */
export const POSTGRES: TcpProtocolSpec = {
  name: "postgres",
  certainty: "strong",
  bound: MAX_STARTUP,
  fields: ["user", "database"],
  versions: ["3.*"],
  prepare: ({ fields }) => {
    const detector = (head: Uint8Array) => detectPostgres(head, fields);
    return () => detector;
  },
};

/**
 * Recognises a request by its code, and a StartupMessage by its version and the name of its first parameter. The rest of
 * that is waited for only if the user or the database is wanted.
 */
export function detectPostgres(
  head: Uint8Array,
  wanted: ReadonlySet<MatchField> = NO_NEEDS.fields,
): Verdict<Detected> {
  const bad = checkHeader(head);
  if (bad !== null) return bad;
  if (head[4] !== 0) return plainMatch("postgres", null, HEADER_LENGTH);

  const length = lengthOf(head);
  const nameEnd = findNameEnd(head, length);
  if (typeof nameEnd !== "number") return nameEnd;
  const version = `${MAJOR_VERSION}.${minorOf(head)}`;
  if (wanted.size === 0) return plainMatch("postgres", version, nameEnd + 1);
  if (head.length < length) return NEED_MORE;
  return plainMatch("postgres", version, length, readFields(head.subarray(0, length), wanted));
}

/** What is to be said of a header that is bad or not all there; null for a good one. */
function checkHeader(head: Uint8Array): typeof NEED_MORE | typeof NO_MATCH | null {
  if (head.length === 0) return NEED_MORE;
  if (!mayHave(head, 0, 0) || !mayHave(head, 1, 0)) return NO_MATCH;
  if ((head[2] ?? 0) > MAX_STARTUP >> 8) return NO_MATCH;
  if (head.length < 4) return NEED_MORE;
  const length = lengthOf(head);
  if (length < HEADER_LENGTH || length > MAX_STARTUP) return NO_MATCH;

  const major = head[4] === 0 ? MAJOR_VERSION : NO_VERSION;
  if (!mayHave(head, 4, major >> 8) || !mayHave(head, 5, major & 0xff)) return NO_MATCH;
  if (major === NO_VERSION && !mayHave(head, 6, CANCEL >> 8)) return NO_MATCH; // the same for all
  if (head.length < HEADER_LENGTH) return NEED_MORE;
  return fits(length, major, minorOf(head)) ? null : NO_MATCH;
}

/** Whether a message of that code can have that length. */
function fits(length: number, major: number, minor: number): boolean {
  if (major === MAJOR_VERSION) return length >= LEAST_STARTUP;
  switch (minor) {
    case CANCEL:
      return length >= LEAST_CANCEL && length <= MAX_CANCEL;
    case SSL:
    case GSS_ENCRYPTION:
      return length === HEADER_LENGTH;
    default:
      return false;
  }
}

/** The lower half; the upper one is zero. */
function lengthOf(head: Uint8Array): number {
  return (head[2] ?? 0) << 8 | (head[3] ?? 0);
}

function minorOf(head: Uint8Array): number {
  return (head[6] ?? 0) << 8 | (head[7] ?? 0);
}

/** Where the zero byte is behind the name of the first parameter. */
function findNameEnd(
  head: Uint8Array,
  length: number,
): number | typeof NEED_MORE | typeof NO_MATCH {
  const end = Math.min(length, HEADER_LENGTH + MAX_NAME + 1);
  for (let i = HEADER_LENGTH; i < end; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === 0 && i > HEADER_LENGTH) return i;
    if (!isNameByte(byte)) return NO_MATCH;
  }
  return NO_MATCH;
}

/** Names are those of settings, which may be qualified: `user`, `client_encoding`, `myapp.tenant`, `_pq_.option`. */
function isNameByte(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a || byte >= 0x30 && byte <= 0x39 || byte === 0x2e ||
    byte === 0x5f;
}

/** Reads the parameters as servers do: pairs of texts, of which the last of a name counts, and a zero byte at the end. */
function readFields(message: Uint8Array, wanted: ReadonlySet<MatchField>): MatchFields | undefined {
  let user = "";
  let database = "";
  let start = HEADER_LENGTH;
  while (message[start] !== 0) {
    const nameEnd = message.indexOf(0, start);
    const end = message.indexOf(0, nameEnd + 1);
    if (nameEnd < 0 || end < 0) return undefined; // servers refuse it
    const name = readText(message, start, nameEnd);
    if (name === "user") user = readText(message, nameEnd + 1, end);
    if (name === "database") database = readText(message, nameEnd + 1, end);
    start = end + 1;
  }
  if (database === "") database = user; // the default that the protocol has
  const hasUser = wanted.has("user") && user !== "";
  const hasDatabase = wanted.has("database") && database !== "";
  if (!hasUser && !hasDatabase) return undefined;
  return { ...(hasUser && { user }), ...(hasDatabase && { database }) };
}

/** Text of a length that is told, or none. */
function readText(message: Uint8Array, start: number, end: number): string {
  return end - start > MAX_VALUE ? "" : latin1(message.subarray(start, end));
}
