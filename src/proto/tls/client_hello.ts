/**
 * The ClientHello handshake message (RFC 8446 §4.1.2), as TLS and QUIC carry it.
 *
 * @module
 */

import { MAX_ALPN_NAMES, MAX_CLIENT_HELLO } from "../../model/limits.ts";
import type { MalformedCode, Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { latin1, Reader } from "../bytes.ts";
import { shownServerName } from "../host_name.ts";
import { MALFORMED } from "../malformed.ts";

/** Type byte of a ClientHello (RFC 8446 §4). */
export const CLIENT_HELLO_TYPE = 1;

/** Bytes of the header of a handshake message: type and 24-bit length. */
export const HANDSHAKE_HEADER = 4;

/** Extension types that are read here (IANA TLS ExtensionType Values). */
export const EXTENSION = {
  serverName: 0,
  alpn: 16,
  supportedVersions: 43,
  encryptedClientHello: 0xfe0d,
} as const;

/** Where one extension is: `start` and `end` bound its data, as offsets into the message. */
export interface Extension {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** What a ClientHello says. Holds no view of the message. */
export interface ClientHello {
  /** Bytes of the message, header included. */
  readonly length: number;
  readonly legacyVersion: number;
  /**
   * Host name of server_name in lower case without a trailing dot. One that no host can have stands as it was sent, in
   * lower case, if it is printable ASCII. Null where there is none, or another.
   */
  readonly serverName: string | null;
  /** ALPN names in order, bytes read as Latin-1, GREASE values (RFC 8701) included. */
  readonly alpn: readonly string[];
  /** Content of supported_versions, GREASE values included; empty where it is absent. */
  readonly supportedVersions: readonly number[];
  /** All extensions in order, unknown ones and GREASE values included. */
  readonly extensions: readonly Extension[];
}

type Draft = { -readonly [Key in keyof ClientHello]: ClientHello[Key] };

/**
 * Parses a ClientHello from its handshake header on. Bytes behind the message are not looked at; a message that is not
 * whole is `needMore`, another type of message `noMatch`.
 */
export function parseClientHello(message: Uint8Array): Verdict<ClientHello> {
  const type = message[0];
  if (type !== undefined && type !== CLIENT_HELLO_TYPE) return NO_MATCH;
  if (message.length < HANDSHAKE_HEADER) return NEED_MORE;
  const length = HANDSHAKE_HEADER + new Reader(message, 1).u24();
  if (length > MAX_CLIENT_HELLO) return MALFORMED.too_long;
  if (message.length < length) return NEED_MORE;

  const hello: Draft = {
    length,
    legacyVersion: 0,
    serverName: null,
    alpn: [],
    supportedVersions: [],
    extensions: [],
  };
  const fault = readBody(new Reader(message, HANDSHAKE_HEADER, length), hello);
  return fault === null ? { kind: "match", value: hello } : MALFORMED[fault];
}

/** Whether the hello has an extension of this type. */
export function hasExtension(hello: ClientHello, type: number): boolean {
  return hello.extensions.some((extension) => extension.type === type);
}

/**
 * The newest TLS version that the hello offers, in words; null where it offers none that is known. supported_versions
 * replaces the version field where it is present (RFC 8446 §4.2.1).
 */
export function offeredVersion(hello: ClientHello): string | null {
  const offered = hello.supportedVersions.length > 0
    ? hello.supportedVersions
    : [hello.legacyVersion];
  for (const [version, words] of VERSIONS) if (offered.includes(version)) return words;
  return null;
}

const VERSIONS: readonly (readonly [number, string])[] = [
  [0x0304, "TLS 1.3"],
  [0x0303, "TLS 1.2"],
  [0x0302, "TLS 1.1"],
  [0x0301, "TLS 1.0"],
  [0x0300, "SSL 3.0"],
];

/** All that {@linkcode offeredVersion} can say. */
export const TLS_VERSION_NAMES: readonly string[] = VERSIONS.map(([, words]) => words);

function readBody(body: Reader, hello: Draft): MalformedCode | null {
  hello.legacyVersion = body.u16();
  body.skip(32); // random
  const sessionId = body.u8();
  body.skip(sessionId);
  const cipherSuites = body.u16();
  body.skip(cipherSuites);
  const compressionMethods = body.u8();
  body.skip(compressionMethods);
  if (body.overrun) return "bad_length";
  // A server answers a version above its own with its own (RFC 5246 §E.1), so only what is below SSL 3.0 is refused.
  if (hello.legacyVersion < 0x0300) return "bad_value";
  if (sessionId > 32 || cipherSuites < 2 || cipherSuites % 2 !== 0 || compressionMethods < 1) {
    return "bad_length";
  }
  if (body.remaining === 0) return null; // before TLS 1.3 a hello may end here (RFC 5246 §7.4.1.2)
  const extensions = body.sub(body.u16());
  if (extensions.overrun) return "bad_length";
  if (body.remaining > 0) return "trailing_bytes";
  return readExtensions(extensions, hello);
}

function readExtensions(list: Reader, hello: Draft): MalformedCode | null {
  const extensions: Extension[] = [];
  const seen = new Set<number>();
  while (list.remaining > 0) {
    const type = list.u16();
    const data = list.sub(list.u16());
    if (data.overrun) return "bad_length";
    if (seen.has(type)) return "duplicate"; // RFC 8446 §4.2
    seen.add(type);
    extensions.push({ type, start: data.offset, end: data.offset + data.remaining });
    const fault = readExtension(type, data, hello);
    if (fault !== null) return fault;
  }
  hello.extensions = extensions;
  return null;
}

function readExtension(type: number, data: Reader, hello: Draft): MalformedCode | null {
  switch (type) {
    case EXTENSION.serverName:
      return readServerName(data, hello);
    case EXTENSION.alpn:
      return readAlpn(data, hello);
    case EXTENSION.supportedVersions:
      return readSupportedVersions(data, hello);
    default:
      return null;
  }
}

/**
 * RFC 6066 §3. A name that no host can have does not break the hello, as the backend may still know what to do with it;
 * a list that cannot be read, or that names two hosts, does.
 */
function readServerName(data: Reader, hello: Draft): MalformedCode | null {
  const HOST_NAME = 0;
  const list = data.sub(data.u16());
  if (list.remaining === 0) return "bad_length";
  if (data.remaining > 0) return "trailing_bytes";
  let hostNames = 0;
  while (list.remaining > 0) {
    const type = list.u8();
    const name = list.take(list.u16());
    if (list.overrun) return "bad_length";
    if (type !== HOST_NAME) continue;
    if (++hostNames > 1) return "duplicate";
    if (name.length <= 255) hello.serverName = shownServerName(latin1(name));
  }
  return null;
}

/** RFC 7301 §3.1: at least one name, and none of them empty. The most is our own bound. */
function readAlpn(data: Reader, hello: Draft): MalformedCode | null {
  const list = data.sub(data.u16());
  if (list.remaining === 0) return "bad_length";
  if (data.remaining > 0) return "trailing_bytes";
  const names: string[] = [];
  while (list.remaining > 0) {
    const name = list.take(list.u8());
    if (name.length === 0) return "bad_length";
    if (names.length === MAX_ALPN_NAMES) return "too_long";
    names.push(latin1(name));
  }
  hello.alpn = names;
  return null;
}

/** RFC 8446 §4.2.1: at least one version of two bytes. */
function readSupportedVersions(data: Reader, hello: Draft): MalformedCode | null {
  const list = data.sub(data.u8());
  if (list.remaining === 0 || list.remaining % 2 !== 0) return "bad_length";
  if (data.remaining > 0) return "trailing_bytes";
  const versions: number[] = [];
  while (list.remaining > 0) versions.push(list.u16());
  hello.supportedVersions = versions;
  return null;
}
