/**
 * The handshake message that a stream of CRYPTO data begins with.
 *
 * @module
 */

import { MAX_CLIENT_HELLO } from "../../model/limits.ts";
import { NEED_MORE, type Verdict } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { MALFORMED } from "../malformed.ts";
import { type ClientHello, HANDSHAKE_HEADER, parseClientHello } from "../tls/client_hello.ts";
import type { HandshakeStream } from "../tls/handshake_stream.ts";

/** A ClientHello, and what it says. */
export interface CryptoHello {
  /** The handshake message, header included: a view of the stream, or a copy. */
  readonly message: Uint8Array;
  readonly hello: ClientHello;
}

/** The message at the start of the stream, header included. What follows it there is left alone. */
export function readMessage(stream: HandshakeStream): Verdict<Uint8Array> {
  if (stream.available < HANDSHAKE_HEADER) return NEED_MORE;
  const length = HANDSHAKE_HEADER + new Reader(stream.read(HANDSHAKE_HEADER), 1).u24();
  if (length > MAX_CLIENT_HELLO) return MALFORMED.too_long;
  if (stream.available < length) return NEED_MORE;
  return { kind: "match", value: stream.read(length) };
}

/** The ClientHello at the start of the stream; another message is broken. */
export function readClientHello(stream: HandshakeStream): Verdict<CryptoHello> {
  const message = readMessage(stream);
  if (message.kind !== "match") return message;
  const hello = parseClientHello(message.value);
  if (hello.kind === "match") {
    return { kind: "match", value: { message: message.value, hello: hello.value } };
  }
  return hello.kind === "noMatch" ? MALFORMED.bad_value : hello;
}
