/**
 * The first message of a NATS client ("NATS protocol reference", CONNECT).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";

const HTAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** `CONNECT`, in the lower case that `TO_LOWER` makes of letters. Operations are read in any case. */
const CONNECT = [0x63, 0x6f, 0x6e, 0x6e, 0x65, 0x63, 0x74] as const;
const TO_LOWER = 0x20;

/** Blanks before the options, and before the first of them. Clients send one and none. */
const MAX_BLANKS = 8;

/** NATS. */
export const NATS: TcpProtocolSpec = {
  name: "nats",
  certainty: "strong",
  bound: CONNECT.length + MAX_BLANKS + 1 + MAX_BLANKS + 1,
  fields: [],
  versions: [],
  prepare: () => () => detectNats,
};

/** Recognises CONNECT with its options, a JSON object: no other protocol's word of that name is followed by one. */
export function detectNats(head: Uint8Array): Verdict<Detected> {
  for (let i = 0; i < CONNECT.length; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if ((byte | TO_LOWER) !== CONNECT[i]) return NO_MATCH;
  }
  const brace = skipBlanks(head, CONNECT.length);
  if (head[brace] === undefined) return NEED_MORE;
  if (brace === CONNECT.length || head[brace] !== OPENING_BRACE) return NO_MATCH;
  const inside = skipBlanks(head, brace + 1);
  switch (head[inside]) {
    case undefined:
      return NEED_MORE;
    case QUOTE:
    case CLOSING_BRACE:
      return plainMatch("nats", null, inside + 1);
    default:
      return NO_MATCH;
  }
}

/** Where the next byte is that is no blank, or a blank too many. */
function skipBlanks(head: Uint8Array, start: number): number {
  let position = start;
  while (position < start + MAX_BLANKS && isBlank(head[position])) position++;
  return position;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === HTAB;
}
