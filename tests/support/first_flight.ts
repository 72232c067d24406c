/**
 * What somebody on the wire reads of a connection's beginning: all that TLS and QUIC show without a secret.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { QuicDetector } from "../../src/proto/quic/detect.ts";
import { parseLongHeader } from "../../src/proto/quic/header.ts";
import { INITIAL_PROTECTION } from "../../src/proto/quic/packet_protection.ts";
import { tlsDetector } from "../../src/proto/tls/detect.ts";
import { concat, latin1 } from "./client_hello_builder.ts";
import type { TappedFlow } from "./wire_tap.ts";

/** What was in the clear, or under keys that follow from what was. */
export interface FirstFlight {
  /** Server name of the ClientHello; null where there is none. */
  readonly sni: string | null;
  /** Whether the server asked for a second ClientHello. */
  readonly isRetryRequested: boolean;
  /** Retry packets of the server (RFC 9000 §17.2.5). */
  readonly retries: number;
  /** Whether a text is anywhere in what the client said, as bytes. */
  says(text: string): boolean;
}

/** Reads a flow; null where the client has not sent a whole ClientHello. */
export function readFirstFlight(flow: TappedFlow): FirstFlight | null {
  return flow.transport === "tcp" ? readTcp(flow) : readUdp(flow);
}

function readTcp({ fromClient, fromServer }: TappedFlow): FirstFlight | null {
  const said = concat(...fromClient);
  const verdict = tlsDetector()(said);
  if (verdict.kind !== "match") return null;
  return {
    sni: verdict.value.sni,
    isRetryRequested: includes(concat(...fromServer), HELLO_RETRY_REQUEST),
    retries: 0,
    says: (text) => includes(said, Uint8Array.from(latin1(text))),
  };
}

function readUdp({ fromClient, fromServer }: TappedFlow): FirstFlight | null {
  const detector = new QuicDetector();
  const verdict = detector.detect(fromClient);
  const { opening } = detector;
  if (verdict.kind !== "match" || opening === null) return null;
  const { version } = opening;
  // Keys follow from the connection ID that the client sends its Initials to, which a Retry changes (RFC 9001 §5.2).
  const ids = fromClient.flatMap((datagram) => parseLongHeader(datagram, 0)?.dcid ?? []);
  const isRetryRequested = fromServer.some((datagram) => {
    const packet = parseLongHeader(datagram, 0);
    return packet?.kind === "initial" && ids.some((id) => {
      const keys = INITIAL_PROTECTION.deriveKeys(version, id, "server");
      const opened = INITIAL_PROTECTION.open(keys, datagram, packet);
      return opened !== null && includes(opened.payload, HELLO_RETRY_REQUEST);
    });
  });
  const said = [opening.message, ...fromClient];
  return {
    sni: verdict.value.sni,
    isRetryRequested,
    retries: fromServer.filter((datagram) => parseLongHeader(datagram, 0)?.kind === "retry").length,
    says: (text) => said.some((bytes) => includes(bytes, Uint8Array.from(latin1(text)))),
  };
}

/** The random of a ServerHello that asks for another hello (RFC 8446 §4.1.3). */
const HELLO_RETRY_REQUEST = new Uint8Array(
  createHash("sha256").update("HelloRetryRequest").digest(),
);

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = bytes.indexOf(part[0] ?? 0); at >= 0; at = bytes.indexOf(part[0] ?? 0, at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
