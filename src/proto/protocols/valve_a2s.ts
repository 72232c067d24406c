/**
 * Queries to game servers of Source and GoldSource ("Server queries", Valve Developer Community).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** The packet is whole: queries are never split. */
const WHOLE = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

const A2S_INFO = asciiMark("TSource Engine Query\0");
const A2S_PLAYER = 0x55;
const A2S_RULES = 0x56;
const A2S_SERVERQUERY_GETCHALLENGE = 0x57;
const A2A_PING = 0x69;

/** A number that the server gave in answer to an earlier query, or -1 to get one. */
const CHALLENGE_LENGTH = 4;

/** A2S. */
export const VALVE_A2S: UdpProtocolSpec = {
  name: "valve_a2s",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: [],
  prepare: () => () => detectValveA2s,
};

/** Recognises a query that is the first datagram of a flow, by its mark and its length. */
export function detectValveA2s(held: readonly Uint8Array[]): Verdict<Detected> {
  const first = held[0];
  if (first === undefined) return NEED_MORE;
  const isMarked = findMarkEnd(first, 0, WHOLE) === WHOLE.length;
  return isMarked && isQuery(first) ? plainMatch("valve_a2s", null, 1) : NO_MATCH;
}

function isQuery(datagram: Uint8Array): boolean {
  const length = datagram.length - WHOLE.length;
  switch (datagram[WHOLE.length]) {
    case A2S_INFO[0]:
      return (length === A2S_INFO.length || length === A2S_INFO.length + CHALLENGE_LENGTH) &&
        findMarkEnd(datagram, WHOLE.length, A2S_INFO) === WHOLE.length + A2S_INFO.length;
    case A2S_PLAYER:
    case A2S_RULES:
      return length === 1 + CHALLENGE_LENGTH;
    case A2S_SERVERQUERY_GETCHALLENGE:
    case A2A_PING:
      return length === 1;
    default:
      return false;
  }
}
