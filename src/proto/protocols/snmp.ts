/**
 * SNMP messages: versions 1 (RFC 1157), 2c (RFC 1901) and 3 (RFC 3412), over UDP.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { plainMatch, type UdpProtocolSpec } from "../detector.ts";

// Tags of BER (ITU-T X.690 §8), and of the types of SNMP's own (RFC 2578 §7.1).
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const IP_ADDRESS = 0x40;
const TIME_TICKS = 0x43;

/** Tags of PDUs count up from GetRequest to Report (RFC 1157 §4.1, RFC 3416 §3). */
const GET_REQUEST = 0xa0;
const TRAP_V1 = 0xa4;
const REPORT = 0xa8;

/** Versions as messages have them. */
const VERSIONS = ["SNMPv1", "SNMPv2c", null, "SNMPv3"] as const;

/** Longest integer: 32 bits and a sign. */
const MAX_INTEGER = 5;

/** SNMP. */
export const SNMP: UdpProtocolSpec = {
  name: "snmp",
  certainty: "strong",
  bound: 1,
  fields: [],
  versions: ["SNMPv1", "SNMPv2c", "SNMPv3"],
  prepare: () => () => detectSnmp,
};

/** Recognises a datagram that is one message, down to where the PDU's variables begin or what is encrypted. */
export function detectSnmp(held: readonly Uint8Array[]): Verdict<Detected> {
  const datagram = held[0];
  if (datagram === undefined) return NEED_MORE;
  if (datagram[0] !== SEQUENCE) return NO_MATCH;
  const message = new Reader(datagram);
  if (!entersLast(message, SEQUENCE)) return NO_MATCH;
  const version = readVersion(message);
  if (version === null) return NO_MATCH;
  const fits = version === "SNMPv3" ? isVersion3(message) : isCommunityMessage(message, version);
  return fits ? plainMatch("snmp", version, 1) : NO_MATCH;
}

function readVersion(message: Reader): (typeof VERSIONS)[number] {
  if (message.u8() !== INTEGER || message.u8() !== 1) return null;
  return VERSIONS[message.u8()] ?? null;
}

/**
 * A community and a PDU. Lengths of the PDU and in it are left to the agent: what is checked is telling enough, and some
 * senders get them wrong.
 */
function isCommunityMessage(message: Reader, version: "SNMPv1" | "SNMPv2c"): boolean {
  if (!skips(message, OCTET_STRING)) return false;
  const pdu = message.u8();
  const known = version === "SNMPv1"
    ? pdu >= GET_REQUEST && pdu <= TRAP_V1
    : pdu >= GET_REQUEST && pdu <= REPORT && pdu !== TRAP_V1;
  if (!known || readLength(message) > message.remaining) return false;
  const head = pdu === TRAP_V1
    ? skips(message, OBJECT_IDENTIFIER) && skips(message, IP_ADDRESS) &&
      skipsInteger(message) && skipsInteger(message) && skips(message, TIME_TICKS)
    : skipsInteger(message) && skipsInteger(message) && skipsInteger(message);
  return head && message.u8() === SEQUENCE;
}

/** Header data, security parameters, and the PDU with its context, encrypted or not (RFC 3412 §6). */
function isVersion3(message: Reader): boolean {
  if (message.u8() !== SEQUENCE) return false;
  const header = message.sub(readLength(message));
  const headerFits = skipsInteger(header) && skipsInteger(header) &&
    skips(header, OCTET_STRING) && skipsInteger(header) && header.complete;
  if (!headerFits || !skips(message, OCTET_STRING)) return false;
  const tag = message.u8();
  return (tag === SEQUENCE || tag === OCTET_STRING) && readLength(message) === message.remaining;
}

/** Goes into a value that ends where its surroundings end. */
function entersLast(reader: Reader, tag: number): boolean {
  return reader.u8() === tag && readLength(reader) === reader.remaining && !reader.overrun;
}

/** Passes over a value with the tag. */
function skips(reader: Reader, tag: number): boolean {
  if (reader.u8() !== tag) return false;
  reader.skip(readLength(reader));
  return !reader.overrun;
}

function skipsInteger(reader: Reader): boolean {
  if (reader.u8() !== INTEGER) return false;
  const length = readLength(reader);
  reader.skip(length);
  return length > 0 && length <= MAX_INTEGER && !reader.overrun;
}

/** The definite forms: up to 127 in the byte itself, else the number of bytes that follow (X.690 §8.1.3). */
function readLength(reader: Reader): number {
  const first = reader.u8();
  switch (first) {
    case 0x81:
      return reader.u8();
    case 0x82:
      return reader.u16();
    case 0x83:
      return reader.u24();
    case 0x84:
      return reader.u32();
    default:
      return first < 0x80 ? first : Infinity;
  }
}
