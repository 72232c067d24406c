/**
 * The server's messages (RFC 8446 §4), but for those that its certificate makes.
 *
 * @module
 */

import { EXTENSION } from "../tls/client_hello.ts";
import { type ClientOffer, TLS13_EXTENSION, TLS_1_3 } from "./client_offer.ts";
import { extension, handshakeMessage, u16, vector16, vector8 } from "../tls/encode.ts";
import { RETRY_REQUEST_RANDOM, SERVER_HELLO_TYPE } from "../tls/server_hello.ts";
import type { SharedKey } from "./key_exchange.ts";
import type { Choice } from "./negotiate.ts";

/** Types of handshake messages (RFC 8446 §B.3), both sides'. */
export const MESSAGE = {
  encryptedExtensions: 8,
  finished: 20,
  keyUpdate: 24,
} as const;

/**
 * Longest list of configurations that there is room for: all extensions together have a length of two bytes, a type and a
 * length of two bytes each, and ALPN may take up to 262.
 */
export const MAX_RETRY_CONFIGS = 0xffff - 4 - 262;

/** Length of the confirmation in a HelloRetryRequest (RFC 9849 §7.2.1). */
const CONFIRMATION = 8;

/** ServerHello (RFC 8446 §4.1.3). */
export function serverHello(
  offer: ClientOffer,
  { suite, group }: Choice,
  { share }: SharedKey,
  random: Uint8Array,
): Uint8Array {
  const keyShare = extension(TLS13_EXTENSION.keyShare, u16(group.id), vector16(share));
  return anyServerHello(offer, suite.id, random, keyShare);
}

/**
 * HelloRetryRequest (RFC 8446 §4.1.4). A client that sent ECH gets eight random bytes where a server that had opened it
 * would put its confirmation: so nobody on the way can tell from them whether it was opened (RFC 9849 §7.1, §10.10.4).
 */
export function helloRetryRequest(
  offer: ClientOffer,
  { suite, group }: Choice,
  random: (length: number) => Uint8Array,
): Uint8Array {
  const keyShare = extension(TLS13_EXTENSION.keyShare, u16(group.id));
  const ech = offer.hasEch ? [extension(EXTENSION.encryptedClientHello, random(CONFIRMATION))] : [];
  return anyServerHello(offer, suite.id, RETRY_REQUEST_RANDOM, keyShare, ...ech);
}

/**
 * EncryptedExtensions (RFC 8446 §4.3.1), with the configurations to retry with (RFC 9849 §7.1).
 *
 * @param retryConfigs at most {@linkcode MAX_RETRY_CONFIGS} bytes
 */
export function encryptedExtensions(
  offer: ClientOffer,
  { alpn }: Choice,
  retryConfigs: Uint8Array,
): Uint8Array {
  const extensions: Uint8Array[] = [];
  if (alpn !== null) {
    const name = new TextEncoder().encode(alpn);
    extensions.push(extension(EXTENSION.alpn, vector16(vector8(name))));
  }
  if (offer.hasEch) extensions.push(extension(EXTENSION.encryptedClientHello, retryConfigs));
  return handshakeMessage(MESSAGE.encryptedExtensions, vector16(...extensions));
}

/** Finished (RFC 8446 §4.4.4). */
export function finished(verifyData: Uint8Array): Uint8Array {
  return handshakeMessage(MESSAGE.finished, verifyData);
}

/** KeyUpdate (RFC 8446 §4.6.3) that asks for none in return. */
export function keyUpdate(): Uint8Array {
  const UPDATE_NOT_REQUESTED = 0;
  return handshakeMessage(MESSAGE.keyUpdate, Uint8Array.of(UPDATE_NOT_REQUESTED));
}

function anyServerHello(
  { sessionId }: ClientOffer,
  suite: number,
  random: Uint8Array,
  ...extensions: readonly Uint8Array[]
): Uint8Array {
  const LEGACY_VERSION = 0x0303;
  const NO_COMPRESSION = Uint8Array.of(0);
  return handshakeMessage(
    SERVER_HELLO_TYPE,
    u16(LEGACY_VERSION),
    random,
    vector8(sessionId),
    u16(suite),
    NO_COMPRESSION,
    vector16(extension(EXTENSION.supportedVersions, u16(TLS_1_3)), ...extensions),
  );
}
