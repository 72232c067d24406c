/**
 * The stream header of XMPP (RFC 6120 §4.7, §11.4).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { canonicalHostName } from "../host_name.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

const DECLARATION = asciiMark("<?xml");
const DECLARATION_END = asciiMark("?>");
/** All of `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>` and more. */
const MAX_DECLARATION = 96;
const MAX_BLANKS = 8;

const STREAM = asciiMark("<stream:stream");
/** Longest start tag that is read for the host; those of clients have some 150 bytes. */
const MAX_TAG = 440;

const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const QUESTION_MARK = 0x3f;
const DELETE = 0x7f;

const ATTRIBUTE = /\s+([^\s=]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/y;

/** XMPP. */
export const XMPP: TcpProtocolSpec = {
  name: "xmpp",
  certainty: "strong",
  bound: MAX_DECLARATION + MAX_BLANKS + MAX_TAG,
  fields: ["host"],
  versions: [],
  prepare: ({ fields }) => {
    const wantsHost = fields.has("host");
    const detector = (head: Uint8Array) => detectXmpp(head, wantsHost);
    return () => detector;
  },
};

/**
 * Recognises the beginning of a `stream:stream` tag, with or without a declaration of XML before. The rest of the tag is
 * waited for only if the host is wanted.
 */
export function detectXmpp(head: Uint8Array, wantsHost = false): Verdict<Detected> {
  const start = skipDeclaration(head);
  if (typeof start !== "number") return start;
  const nameEnd = findMarkEnd(head, start, STREAM);
  if (typeof nameEnd !== "number") return nameEnd;
  const next = head[nameEnd];
  if (next === undefined) return NEED_MORE;
  if (!isBlank(next)) return NO_MATCH; // attributes have to follow: the namespaces
  if (!wantsHost) return plainMatch("xmpp", null, nameEnd + 1);

  const end = findTagEnd(head, nameEnd, start + MAX_TAG);
  if (end === null) return NEED_MORE;
  const host = readHost(latin1(head.subarray(nameEnd, end)));
  return plainMatch("xmpp", null, end, host === null ? undefined : { host });
}

/** Where the tag begins, behind a declaration and blanks. */
function skipDeclaration(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  if (head[1] !== undefined && head[1] !== QUESTION_MARK) return 0;
  const nameEnd = findMarkEnd(head, 0, DECLARATION);
  if (typeof nameEnd !== "number") return nameEnd;
  for (let i = nameEnd; i <= MAX_DECLARATION - DECLARATION_END.length; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === QUESTION_MARK) {
      const end = findMarkEnd(head, i, DECLARATION_END);
      return typeof end === "number" ? skipBlanks(head, end) : end;
    }
    if (i === nameEnd ? !isBlank(byte) : !isDeclarationByte(byte)) return NO_MATCH;
  }
  return NO_MATCH;
}

/** Where the next byte is that is no blank, or a blank too many. */
function skipBlanks(head: Uint8Array, start: number): number {
  let position = start;
  while (position < start + MAX_BLANKS && isBlank(head[position])) position++;
  return position;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function isDeclarationByte(byte: number): boolean {
  const isText = byte >= 0x20 && byte < DELETE && byte !== LESS_THAN && byte !== GREATER_THAN;
  return isText || isBlank(byte);
}

/** Where the tag ends, or is given up; null if more of it is needed. */
function findTagEnd(head: Uint8Array, start: number, max: number): number | null {
  let quote = 0;
  for (let i = start; i < max; i++) {
    const byte = head[i];
    if (byte === undefined) return null;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) {
      quote = byte;
    } else if (byte === GREATER_THAN) {
      return i + 1;
    }
  }
  return max;
}

/** The host that a stream is opened to (RFC 6120 §4.7.2): the attribute `to`, if it is a name. */
function readHost(attributes: string): string | null {
  ATTRIBUTE.lastIndex = 0;
  for (;;) {
    const attribute = ATTRIBUTE.exec(attributes);
    if (attribute === null) return null;
    const [, name, single, double] = attribute;
    if (name === "to") return canonicalHostName(single ?? double ?? "");
  }
}
