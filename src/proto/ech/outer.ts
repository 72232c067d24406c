/**
 * The encrypted_client_hello extension of an outer ClientHello (RFC 9849 §5).
 *
 * @module
 */

import type { EchCipherSuite } from "../../model/ech.ts";
import { Reader } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import { type Extension, HANDSHAKE_HEADER } from "../tls/client_hello.ts";

/** ECHClientHelloType of an outer hello, and of an inner one. */
export const ECH_OUTER = 0;
/** See {@linkcode ECH_OUTER}. */
export const ECH_INNER = 1;

/** ECHClientHello of the outer type. `enc` and `payload` are views of the message. */
export interface OuterEch {
  readonly suite: EchCipherSuite;
  readonly configId: number;
  /** Empty in a second hello. */
  readonly enc: Uint8Array;
  readonly payload: Uint8Array;
  /** Where the payload begins, as offset into the message. */
  readonly payloadStart: number;
}

/**
 * Reads the extension.
 *
 * @returns the alert, where it is broken or not of the outer type, as no client sends it: GREASE is well-formed, too
 */
export function parseOuterEch(message: Uint8Array, { start, end }: Extension): OuterEch | number {
  const data = new Reader(message, start, end);
  if (data.u8() !== ECH_OUTER) return ALERT.illegalParameter; // RFC 9849 §7
  const suite = { kdf: data.u16(), aead: data.u16() };
  const configId = data.u8();
  const enc = data.take(data.u16());
  const payload = data.take(data.u16());
  if (!data.complete || payload.length === 0) return ALERT.decodeError;
  return { suite, configId, enc, payload, payloadStart: end - payload.length };
}

/**
 * ClientHelloOuterAAD (RFC 9849 §5.2): the body of the hello as it was received, in memory of its own, with zeros for the
 * payload.
 *
 * @param message the handshake message, to its end and no further
 */
export function outerAad(message: Uint8Array, { payload, payloadStart }: OuterEch): Uint8Array {
  // No `slice`, which does not copy from a `Buffer`.
  const aad = new Uint8Array(message.subarray(HANDSHAKE_HEADER));
  const start = payloadStart - HANDSHAKE_HEADER;
  return aad.fill(0, start, start + payload.length);
}
