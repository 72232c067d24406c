/**
 * What a ClientHello tells of a flow, whatever carries it: TLS, DTLS or QUIC.
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import type { Verdict } from "../../model/verdict.ts";
import { type ClientHello, EXTENSION, hasExtension } from "./client_hello.ts";
import { ja4 } from "./ja4.ts";

/** The letter that a JA4 fingerprint begins with. */
const JA4_TRANSPORT = { tls: "t", dtls: "d", quic: "q" } as const;

/**
 * A match by a ClientHello.
 *
 * @param message the handshake message that `hello` was read from, where its fingerprint is wanted
 */
export function helloMatch(
  protocol: keyof typeof JA4_TRANSPORT,
  hello: ClientHello,
  version: string | null,
  consumed: number,
  message: Uint8Array | null,
): Verdict<Detected> {
  const value: Detected = {
    protocol,
    sni: hello.serverName,
    alpn: hello.alpn,
    ech: hasExtension(hello, EXTENSION.encryptedClientHello),
    version,
    consumed,
  };
  if (message === null) return { kind: "match", value };
  const fields = { ja4: ja4(message, hello, JA4_TRANSPORT[protocol]) };
  return { kind: "match", value: { ...value, fields } };
}
