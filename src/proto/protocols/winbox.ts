/**
 * The first message of Winbox, MikroTik's tool for its routers. MikroTik has not published the protocol; the rule rests on
 * Margin Research, "MikroTik Authentication Revealed" (2022), and Tenable's "RouterOS" tools (2018).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** Length and kind of a chunk. */
const CHUNK_HEADER = 2;
/** Length of a chunk that is followed by another one. */
const FULL = 0xff;
/** A length that is not taken: old clients of Minecraft say 0xfe, or 0xfe 0x01, and wait. */
const MINECRAFT_PING = 0xfe;
const LOGIN = 6;
const MESSAGE = 1;

/** Behind the user's name, which ends with a zero byte: the x coordinate of a public key, and the parity of y. */
const KEY_LENGTH = 32;
const LEAST_LOGIN = 1 + 1 + KEY_LENGTH + 1;
const MAX_PARITY = 1;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Behind the length of a message, two bytes: its format, and a code with the type of its value. */
const LENGTH_OFFSET = 2;
const FORMAT_OFFSET = 4;
const FORMAT = asciiMark("M2");
const LEAST_MESSAGE = FORMAT.length + 4;

/** Winbox. */
export const WINBOX: TcpProtocolSpec = {
  name: "winbox",
  certainty: "strong",
  bound: CHUNK_HEADER + MINECRAFT_PING - 1,
  fields: ["user"],
  versions: [],
  prepare: ({ fields }) => {
    const wantsUser = fields.has("user");
    const detector = (head: Uint8Array) => detectWinbox(head, wantsUser);
    return () => detector;
  },
};

/** Recognises the login of RouterOS 6.43 and later, and the message that older ones begin with. */
export function detectWinbox(head: Uint8Array, wantsUser = false): Verdict<Detected> {
  const length = head[0];
  const kind = head[1];
  if (length === undefined) return NEED_MORE;
  if (length < CHUNK_HEADER + LEAST_MESSAGE || length === MINECRAFT_PING) return NO_MATCH;
  switch (kind) {
    case undefined:
      return NEED_MORE;
    case LOGIN:
      return length < LEAST_LOGIN || length === FULL
        ? NO_MATCH
        : detectLogin(head, CHUNK_HEADER + length, wantsUser);
    case MESSAGE:
      return detectMessage(head, length);
    default:
      return NO_MATCH;
  }
}

/** A login: the zero byte is just where the length says that the name ends. */
function detectLogin(head: Uint8Array, end: number, wantsUser: boolean): Verdict<Detected> {
  const nameEnd = end - 1 - KEY_LENGTH - 1;
  for (let i = CHUNK_HEADER; i < nameEnd; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte <= SPACE || byte >= DELETE) return NO_MATCH;
  }
  if (head.length > nameEnd && head[nameEnd] !== 0) return NO_MATCH;
  if (head.length < end) return NEED_MORE;
  if ((head[end - 1] ?? 0) > MAX_PARITY) return NO_MATCH;
  const user = wantsUser ? latin1(head.subarray(CHUNK_HEADER, nameEnd)) : undefined;
  return plainMatch("winbox", null, end, user === undefined ? undefined : { user });
}

/** A message in format 2: its length and that of the chunk agree. */
function detectMessage(head: Uint8Array, chunkLength: number): Verdict<Detected> {
  const upper = head[LENGTH_OFFSET];
  const lower = head[LENGTH_OFFSET + 1];
  if (upper === undefined) return NEED_MORE;
  if (chunkLength < FULL && upper !== 0) return NO_MATCH;
  if (lower === undefined) return NEED_MORE;
  const rest = chunkLength - CHUNK_HEADER; // what the chunk has room for behind the length
  const length = upper << 8 | lower;
  if (chunkLength < FULL ? length !== rest : length < rest) return NO_MATCH;
  const end = findMarkEnd(head, FORMAT_OFFSET, FORMAT);
  return typeof end === "number" ? plainMatch("winbox", null, end) : end;
}
