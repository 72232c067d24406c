/**
 * The first message of a MongoDB client ("MongoDB Wire Protocol", "OP_MSG", "OP_QUERY"; bsonspec.org).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

// Offsets in the header of each message. Integers are little-endian.
const LENGTH_UPPER_OFFSET = 2;
const RESPONSE_TO_OFFSET = 8;
const HEADER_LENGTH = 16;

/** Upper half of the message's length: first messages, which tell who the client is, are far from 64 KiB. */
const LENGTH_UPPER = Uint8Array.of(0, 0);
/** Nothing is answered yet. */
const RESPONSE_TO = Uint8Array.of(0, 0, 0, 0);

const OP_MSG = 2013;
const OP_QUERY = 2004;
/** Upper three bytes of the codes. */
const OPCODE_UPPER = Uint8Array.of(OP_MSG >> 8, 0, 0);

const FLAGS_LENGTH = 4;
/** Flag of OP_MSG: four bytes of checksum follow. */
const CHECKSUM_PRESENT = 0x01;
/** Flags of OP_MSG that a first message may have: checksum, more to come; upper half: exhaust allowed. */
const KNOWN_FLAGS = 0x03;
const KNOWN_UPPER_FLAGS = 0x01;
/** Kind of the section that is the command's document. */
const BODY_SECTION = Uint8Array.of(0);

/** What OP_QUERY asks when it is a command: `admin.$cmd`, or another database's. */
const COMMANDS = asciiMark(".$cmd\x00");
const MAX_DATABASE = 63;
const DOT = 0x2e;
const SPACE = 0x20;
const DELETE = 0x7f;
/** Numbers to skip and to return, behind the name. */
const NUMBERS_LENGTH = 8;

const DOCUMENT_LENGTH_BYTES = 4;
const LEAST_DOCUMENT = 5;

/** MongoDB. */
export const MONGODB: TcpProtocolSpec = {
  name: "mongodb",
  certainty: "strong",
  // A tenth would do. But any three bytes can begin a message, and a whole greeting of SOCKS has no more: those who know
  // so soon are to be asked before.
  bound: 1024,
  fields: [],
  versions: [],
  prepare: () => () => detectMongodb,
};

/** Recognises a command by the header of the message and the length of its document, which agree. */
export function detectMongodb(head: Uint8Array): Verdict<Detected> {
  const upperEnd = findMarkEnd(head, LENGTH_UPPER_OFFSET, LENGTH_UPPER);
  if (typeof upperEnd !== "number") return upperEnd;
  const headEnd = findMarkEnd(head, RESPONSE_TO_OFFSET, RESPONSE_TO);
  if (typeof headEnd !== "number") return headEnd;
  const opcode = head[headEnd];
  if (opcode === undefined) return NEED_MORE;
  if (opcode !== (OP_MSG & 0xff) && opcode !== (OP_QUERY & 0xff)) return NO_MATCH;
  const opcodeEnd = findMarkEnd(head, headEnd + 1, OPCODE_UPPER);
  if (typeof opcodeEnd !== "number") return opcodeEnd;

  const isMessage = opcode === (OP_MSG & 0xff);
  const start = isMessage ? findBody(head) : findQuery(head);
  if (typeof start !== "number") return start;
  if (head.length < start + DOCUMENT_LENGTH_BYTES) return NEED_MORE;
  const hasChecksum = isMessage && ((head[HEADER_LENGTH] ?? 0) & CHECKSUM_PRESENT) !== 0;
  const document = readInt32(head, start);
  const end = start + document + (hasChecksum ? 4 : 0);
  return document >= LEAST_DOCUMENT && end === readInt32(head, 0)
    ? plainMatch("mongodb", null, start + DOCUMENT_LENGTH_BYTES)
    : NO_MATCH;
}

/** Where the document of OP_MSG begins, behind flags and a section's kind. */
function findBody(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = 0; i < FLAGS_LENGTH; i++) {
    const flags = head[HEADER_LENGTH + i];
    if (flags === undefined) return NEED_MORE;
    const known = i === 0 ? KNOWN_FLAGS : i === 2 ? KNOWN_UPPER_FLAGS : 0;
    if ((flags & ~known) !== 0) return NO_MATCH;
  }
  return findMarkEnd(head, HEADER_LENGTH + FLAGS_LENGTH, BODY_SECTION);
}

/** Where the document of OP_QUERY begins, behind flags, the name of a collection and two numbers. */
function findQuery(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  const start = HEADER_LENGTH + FLAGS_LENGTH;
  for (let i = start; i <= start + MAX_DATABASE; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === DOT && i > start) {
      const end = findMarkEnd(head, i, COMMANDS);
      return typeof end === "number" ? end + NUMBERS_LENGTH : end;
    }
    if (byte <= SPACE || byte === DOT || byte === DELETE) return NO_MATCH;
  }
  return NO_MATCH;
}

function readInt32(head: Uint8Array, offset: number): number {
  return (head[offset] ?? 0) | (head[offset + 1] ?? 0) << 8 | (head[offset + 2] ?? 0) << 16 |
    (head[offset + 3] ?? 0) << 24;
}
