/**
 * Recognises a TLS client by its ClientHello.
 *
 * @module
 */

import { MAX_CLIENT_HELLO, MAX_TCP_HEAD } from "../../model/limits.ts";
import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NO_MATCH } from "../../model/verdict.ts";
import type { TcpDetector, TcpProtocolSpec } from "../detector.ts";
import { MALFORMED } from "../malformed.ts";
import {
  CLIENT_HELLO_TYPE,
  HANDSHAKE_HEADER,
  offeredVersion,
  parseClientHello,
  TLS_VERSION_NAMES,
} from "./client_hello.ts";
import { helloMatch } from "./hello_match.ts";
import { HandshakeRecords } from "./record.ts";

/** TLS, by its ClientHello. */
export const TLS: TcpProtocolSpec = {
  name: "tls",
  certainty: "strong",
  bound: MAX_TCP_HEAD,
  fields: ["ja4"],
  versions: TLS_VERSION_NAMES,
  prepare: ({ fields }) => {
    const wantsJa4 = fields.has("ja4");
    return () => tlsDetector(wantsJa4);
  },
};

/**
 * A detector for one connection. It remembers where it is in the records, so that the work is linear even where every
 * byte comes alone and in a record of its own. What follows the ClientHello is not looked at.
 */
export function tlsDetector(wantsJa4 = false): TcpDetector {
  const records = new HandshakeRecords();
  return (head) => {
    if (head.length <= MAX_TCP_HEAD) return detect(head, records, wantsJa4);
    return detect(head.subarray(0, MAX_TCP_HEAD), records, wantsJa4);
  };
}

function detect(
  head: Uint8Array,
  records: HandshakeRecords,
  wantsJa4: boolean,
): Verdict<Detected> {
  const verdict = find(head, records, wantsJa4);
  const full = head.length === MAX_TCP_HEAD;
  return full && verdict.kind === "needMore" ? MALFORMED.too_long : verdict;
}

function find(
  head: Uint8Array,
  records: HandshakeRecords,
  wantsJa4: boolean,
): Verdict<Detected> {
  const typeMissing = records.advance(head, 1);
  if (typeMissing !== null) return typeMissing;
  if (records.at(head, 0) !== CLIENT_HELLO_TYPE) return NO_MATCH;

  const headerMissing = records.advance(head, HANDSHAKE_HEADER);
  if (headerMissing !== null) return headerMissing;
  const length = HANDSHAKE_HEADER +
    (records.at(head, 1) << 16 | records.at(head, 2) << 8 | records.at(head, 3));
  if (length > MAX_CLIENT_HELLO) return MALFORMED.too_long;

  const bodyMissing = records.advance(head, length);
  if (bodyMissing !== null) return bodyMissing;
  const message = records.gather(head, length);
  const parsed = parseClientHello(message);
  if (parsed.kind !== "match") return parsed;
  const hello = parsed.value;
  const consumed = records.offsetAfter(length);
  return helloMatch("tls", hello, offeredVersion(hello), consumed, wantsJa4 ? message : null);
}
