/**
 * CONNECT, the first packet of an MQTT client (MQTT 3.1; 3.1.1 §3.1; 5.0 §3.1).
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { MALFORMED } from "../malformed.ts";
import { asciiMark, findMarkEnd } from "../marks.ts";

/** Type of the packet, and flags that have to be zero. */
const CONNECT = 0x10;

/** Bytes of a variable-length integer (5.0 §1.5.5). */
const MAX_LENGTH_BYTES = 4;
const CONTINUES = 0x80;

/** Name of the protocol behind its length, in 3.1.1 and later. */
const NAME = asciiMark("\x00\x04MQTT");

/** The same in 3.1. */
const OLD_NAME = asciiMark("\x00\x06MQIsdp");

/** Set in the level of a broker that connects as a bridge: a convention of Mosquitto. */
const BRIDGE = 0x80;

// Connect flags (5.0 §3.1.2.3).
const RESERVED = 0x01;
const WILL = 0x04;
const WILL_QOS = 0x18;
const WILL_RETAIN = 0x20;

/** Level, flags and keep alive, and the length of the client identifier. */
const LEAST_BEHIND_NAME = 1 + 1 + 2 + 2;

/** MQTT. */
export const MQTT: TcpProtocolSpec = {
  name: "mqtt",
  certainty: "strong",
  bound: 1 + MAX_LENGTH_BYTES + OLD_NAME.length + 2,
  fields: [],
  versions: ["MQTT 3.1", "MQTT 3.1.1", "MQTT 5.0"],
  prepare: () => () => detectMqtt,
};

/** Recognises CONNECT by the name and level of the protocol. Flags that no version allows are malformed. */
export function detectMqtt(head: Uint8Array): Verdict<Detected> {
  const type = head[0];
  if (type === undefined) return NEED_MORE;
  if (type !== CONNECT) return NO_MATCH;
  const start = findLengthEnd(head);
  if (typeof start !== "number") return start;

  const isOld = head[start + 1] === OLD_NAME[1];
  const nameEnd = findMarkEnd(head, start, isOld ? OLD_NAME : NAME);
  if (typeof nameEnd !== "number") return nameEnd;
  if (readLength(head, start) < nameEnd - start + LEAST_BEHIND_NAME) return MALFORMED.bad_length;

  const level = head[nameEnd];
  if (level === undefined) return NEED_MORE;
  const version = versionOf(level & ~BRIDGE, isOld);
  if (version === null) return NO_MATCH;
  const flags = head[nameEnd + 1];
  if (flags === undefined) return NEED_MORE;
  if (!isOld && !isValid(flags)) return MALFORMED.bad_value;
  return plainMatch("mqtt", version, nameEnd + 2);
}

/** Where the remaining length ends, which begins at the second byte. */
function findLengthEnd(head: Uint8Array): number | typeof NEED_MORE | typeof NO_MATCH {
  for (let i = 1; i <= MAX_LENGTH_BYTES; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte < CONTINUES) return i + 1;
  }
  return NO_MATCH;
}

function readLength(head: Uint8Array, end: number): number {
  let length = 0;
  for (let i = end - 1; i > 0; i--) length = length << 7 | (head[i] ?? 0) & ~CONTINUES;
  return length;
}

function versionOf(level: number, isOld: boolean): string | null {
  if (isOld) return level === 3 ? "MQTT 3.1" : null;
  return level === 4 ? "MQTT 3.1.1" : level === 5 ? "MQTT 5.0" : null;
}

/** Whether 3.1.1 and 5.0 allow the flags; 3.1 has servers ignore what has no meaning. */
function isValid(flags: number): boolean {
  if ((flags & RESERVED) !== 0 || (flags & WILL_QOS) === WILL_QOS) return false;
  return (flags & WILL) !== 0 || (flags & (WILL_QOS | WILL_RETAIN)) === 0;
}
