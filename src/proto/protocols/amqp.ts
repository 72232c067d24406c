/**
 * The protocol header of AMQP (AMQP 0-9-1 §4.2.2; AMQP 1.0, part 2, §2.2).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** All headers that there are. Those of 0-8 are two, the specification's and the one that clients send. */
const HEADERS = [
  { version: "AMQP 0-9-1", mark: asciiMark("AMQP\x00\x00\x09\x01") },
  { version: "AMQP 1.0", mark: asciiMark("AMQP\x00\x01\x00\x00") },
  { version: "AMQP 1.0", mark: asciiMark("AMQP\x02\x01\x00\x00") }, // then TLS (part 5, §5.2.1)
  { version: "AMQP 1.0", mark: asciiMark("AMQP\x03\x01\x00\x00") }, // then SASL (part 5, §5.3.1)
  { version: "AMQP 0-10", mark: asciiMark("AMQP\x01\x01\x00\x0a") },
  { version: "AMQP 0-9", mark: asciiMark("AMQP\x01\x01\x00\x09") },
  { version: "AMQP 0-8", mark: asciiMark("AMQP\x01\x01\x08\x00") },
  { version: "AMQP 0-8", mark: asciiMark("AMQP\x01\x01\x09\x01") },
] as const;

/** AMQP. */
export const AMQP: TcpProtocolSpec = {
  name: "amqp",
  certainty: "strong",
  bound: 8,
  fields: [],
  versions: [...new Set(HEADERS.map(({ version }) => version))],
  prepare: () => () => detectAmqp,
};

/** Recognises a protocol header of one of the versions that there are. */
export function detectAmqp(head: Uint8Array): Verdict<Detected> {
  for (const { version, mark } of HEADERS) {
    const end = findMarkEnd(head, 0, mark);
    if (typeof end === "number") return plainMatch("amqp", version, end);
    if (end === NEED_MORE) return NEED_MORE;
  }
  return NO_MATCH;
}
