/**
 * Requests of DNS (RFC 1035), over UDP and TCP.
 *
 * @module
 */

import type { Detected, FieldNeeds, MatchFields } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { plainMatch, type TcpProtocolSpec, type UdpProtocolSpec } from "../detector.ts";
import { isOfKin } from "../dns/kin.ts";
import {
  endsWithRecords,
  findQuestionEnd,
  hasRecursiveHeader,
  hasRoomForRecords,
  MAX_QUESTION_END,
  MIN_QUESTION_END,
  readQueryName,
  u16,
} from "../dns/message.ts";
import { SOCKS4_STARTS } from "./socks4.ts";

/** Bytes of the message's length, which stands before it over TCP (RFC 1035 §4.2.2). */
const LENGTH_SIZE = 2;

/** Longest first message over TCP: with room for a key exchange or a large update, and never with a letter in front. */
const MAX_TCP_MESSAGE = 0x3fff;

/** DNS over TCP. */
export const DNS_TCP: TcpProtocolSpec = {
  name: "dns",
  certainty: "strong",
  bound: LENGTH_SIZE + MAX_QUESTION_END,
  fields: ["queryName"],
  versions: [],
  prepare: (needs) => {
    const wantsName = wantsQueryName(needs);
    const detector = (head: Uint8Array) => detectDnsStream(head, wantsName);
    return () => detector;
  },
};

/** DNS over UDP. */
export const DNS_UDP: UdpProtocolSpec = {
  name: "dns",
  certainty: "strong",
  bound: 1,
  fields: ["queryName"],
  versions: [],
  prepare: (needs) => {
    const wantsName = wantsQueryName(needs);
    const detector = (held: readonly Uint8Array[]) => detectDnsDatagram(held[0], wantsName);
    return () => detector;
  },
};

/** Recognises a request by its length, header and first question, and by room for the records that the header counts. */
export function detectDnsStream(head: Uint8Array, wantsName = false): Verdict<Detected> {
  if ((head[0] ?? 0) > MAX_TCP_MESSAGE >> 8) return NO_MATCH;
  if (head.length < LENGTH_SIZE) return NEED_MORE;
  if (u16(head, 0) < MIN_QUESTION_END || SOCKS4_STARTS.includes(u16(head, 0))) return NO_MATCH;
  const questionEnd = findQuestionEnd(head, LENGTH_SIZE);
  if (typeof questionEnd !== "number") return questionEnd;
  const messageEnd = LENGTH_SIZE + u16(head, 0);
  if (!hasRoomForRecords(head, LENGTH_SIZE, questionEnd, messageEnd)) return NO_MATCH;
  const fields = wantsName ? nameField(head, LENGTH_SIZE, questionEnd) : undefined;
  return plainMatch("dns", null, questionEnd, fields);
}

/**
 * Recognises a datagram that is one request, to its last byte, and of none of the protocols that DNS is kin to. These do not
 * ask for recursion, but for NetBIOS: a query that does is known by its header, and if the rest of it is broken, it is for a
 * server to say so (RFC 1035 §4.1.1, format error).
 */
export function detectDnsDatagram(
  datagram: Uint8Array | undefined,
  wantsName = false,
): Verdict<Detected> {
  if (datagram === undefined) return NEED_MORE;
  const questionEnd = findQuestionEnd(datagram, 0);
  if (typeof questionEnd !== "number") {
    return hasRecursiveHeader(datagram) ? plainMatch("dns", null, 1) : NO_MATCH;
  }
  if (isOfKin(datagram, questionEnd)) return NO_MATCH;
  if (!hasRecursiveHeader(datagram) && !endsWithRecords(datagram, questionEnd)) return NO_MATCH;
  return plainMatch("dns", null, 1, wantsName ? nameField(datagram, 0, questionEnd) : undefined);
}

function wantsQueryName({ fields }: FieldNeeds): boolean {
  return fields.has("queryName");
}

function nameField(bytes: Uint8Array, start: number, questionEnd: number): MatchFields | undefined {
  const queryName = readQueryName(bytes, start, questionEnd);
  return queryName === null ? undefined : { queryName };
}
