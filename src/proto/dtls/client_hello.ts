/**
 * The ClientHello of DTLS (RFC 6347 §4.2.1, RFC 9147 §5.3), which is that of TLS but for a cookie and other versions.
 *
 * @module
 */

import { Reader } from "../bytes.ts";
import { CLIENT_HELLO_TYPE, type ClientHello, HANDSHAKE_HEADER } from "../tls/client_hello.ts";

/** What GnuTLS calls DTLS 0.9: the version of OpenSSL from before RFC 4347, which old VPN gateways still speak. */
const DTLS_0_9 = 0x0100;
const DTLS_1_0 = 0xfeff;

const VERSIONS: readonly (readonly [number, string])[] = [
  [0xfefc, "DTLS 1.3"],
  [0xfefd, "DTLS 1.2"],
  [DTLS_1_0, "DTLS 1.0"],
  [DTLS_0_9, "DTLS 0.9"],
];

/** All that {@linkcode offeredDtlsVersion} can say. */
export const DTLS_VERSION_NAMES: readonly string[] = VERSIONS.map(([, words]) => words);

/**
 * The message as TLS would have it, with its header and without the cookie, from the body of one of DTLS. DTLS 0.9 is laid
 * out as 1.0, whose version it gets. Null for one that ends before the cookie does, or is of another version.
 */
export function withoutCookie(body: Uint8Array): Uint8Array | null {
  const reader = new Reader(body);
  const version = reader.u16();
  reader.skip(32); // random
  reader.skip(reader.u8()); // session ID
  const cookieStart = reader.offset;
  reader.skip(reader.u8());
  if (reader.overrun || (version >> 8 !== 0xfe && version !== DTLS_0_9)) return null;

  const suites = reader.rest();
  const length = cookieStart + suites.length;
  const message = new Uint8Array(HANDSHAKE_HEADER + length);
  message.set([CLIENT_HELLO_TYPE, length >> 16, length >> 8, length]);
  message.set(body.subarray(0, cookieStart), HANDSHAKE_HEADER);
  message.set(suites, HANDSHAKE_HEADER + cookieStart);
  if (version === DTLS_0_9) message.set([DTLS_1_0 >> 8, DTLS_1_0 & 0xff], HANDSHAKE_HEADER);
  return message;
}

/**
 * The newest version that the hello offers, in words; null where it offers none that is known. As in TLS,
 * supported_versions replaces the version field.
 *
 * @param body of the message as the client sent it
 */
export function offeredDtlsVersion(hello: ClientHello, body: Uint8Array): string | null {
  const offered = hello.supportedVersions.length > 0
    ? hello.supportedVersions
    : [new Reader(body).u16()];
  for (const [version, words] of VERSIONS) if (offered.includes(version)) return words;
  return null;
}
