/**
 * From EncodedClientHelloInner back to the inner ClientHello (RFC 9849 §5.1).
 *
 * @module
 */

import type { MalformedCode } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import {
  CLIENT_HELLO_TYPE,
  type ClientHello,
  EXTENSION,
  type Extension,
  HANDSHAKE_HEADER,
  hasExtension,
  parseClientHello,
} from "../tls/client_hello.ts";
import { ECH_INNER } from "./outer.ts";

/** Extension type of ech_outer_extensions. */
const OUTER_EXTENSIONS = 0xfd00;

/** Version and random, which a ClientHello begins with. */
const HELLO_START = 34;

/** Bytes of an extension in front of its data. */
const EXTENSION_HEADER = 4;

const NO_EXTENSIONS: readonly Extension[] = [];

/** An inner ClientHello. */
export interface InnerHello {
  /** The handshake message with its header, byte for byte the client's. Shorter than the outer one. */
  readonly inner: Uint8Array;
  readonly hello: ClientHello;
}

/**
 * Rebuilds the inner hello and checks what a client-facing server has to.
 *
 * @param encoded EncodedClientHelloInner
 * @param outer the message that it came in
 * @param outerHello what that says
 * @returns the alert, where the client broke a rule
 */
export function decodeInner(
  encoded: Uint8Array,
  outer: Uint8Array,
  outerHello: ClientHello,
): InnerHello | number {
  const parts = readEncoded(encoded, outer, outerHello);
  if (typeof parts === "number") return parts;
  if (hasExtension(outerHello, OUTER_EXTENSIONS)) return ALERT.illegalParameter;
  const inner = assemble(parts, encoded, outer);
  const verdict = parseClientHello(inner);
  if (verdict.kind !== "match") {
    return verdict.kind === "malformed" ? alertFor(verdict.code) : ALERT.decodeError;
  }
  const hello = verdict.value;
  return isMarkedInner(inner, hello) && offersOnlyTls13(hello)
    ? { inner, hello }
    : ALERT.illegalParameter;
}

/** Where the parts of an inner hello are: offsets into the encoded one, and extensions of the outer one. */
interface InnerParts {
  /** Behind the empty session ID. */
  readonly middle: number;
  /** Where the first extension begins. */
  readonly extensions: number;
  /** What ech_outer_extensions takes up; both `extensionsEnd` where there is none. */
  readonly gapStart: number;
  readonly gapEnd: number;
  readonly extensionsEnd: number;
  readonly referenced: readonly Extension[];
  /** The outer session ID with its length. */
  readonly sessionStart: number;
  readonly sessionEnd: number;
}

function readEncoded(
  encoded: Uint8Array,
  outer: Uint8Array,
  outerHello: ClientHello,
): InnerParts | number {
  const reader = new Reader(encoded);
  reader.skip(HELLO_START);
  if (reader.u8() !== 0) return ALERT.decodeError; // session ID
  const middle = reader.offset;
  reader.skip(reader.u16()); // cipher suites
  reader.skip(reader.u8()); // compression methods
  const list = reader.sub(reader.u16());
  if (reader.overrun || list.remaining === 0) return ALERT.decodeError;

  const extensions = list.offset;
  const extensionsEnd = reader.offset;
  let gapStart = extensionsEnd;
  let gapEnd = extensionsEnd;
  let referenced = NO_EXTENSIONS;
  while (list.remaining > 0) {
    const start = list.offset;
    const type = list.u16();
    const data = list.sub(list.u16());
    if (data.overrun) return ALERT.decodeError;
    if (type !== OUTER_EXTENSIONS) continue;
    if (gapStart !== extensionsEnd) return ALERT.illegalParameter; // a second one
    const found = readReferences(data, outerHello.extensions);
    if (typeof found === "number") return found;
    referenced = found;
    gapStart = start;
    gapEnd = list.offset;
  }
  for (const byte of reader.rest()) if (byte !== 0) return ALERT.illegalParameter; // padding
  const sessionStart = HANDSHAKE_HEADER + HELLO_START;
  const sessionEnd = sessionStart + 1 + (outer[sessionStart] ?? 0);
  return {
    middle,
    extensions,
    gapStart,
    gapEnd,
    extensionsEnd,
    referenced,
    sessionStart,
    sessionEnd,
  };
}

/** The extensions that are referred to, found in one pass over those of the outer hello (RFC 9849 Appendix B). */
function readReferences(data: Reader, outer: readonly Extension[]): Extension[] | number {
  const types = data.sub(data.u8());
  if (types.remaining < 2 || types.remaining % 2 !== 0 || data.remaining > 0) {
    return ALERT.decodeError;
  }
  const found: Extension[] = [];
  let next = 0;
  while (types.remaining > 0) {
    const type = types.u16();
    if (type === EXTENSION.encryptedClientHello) return ALERT.illegalParameter;
    while (next < outer.length && outer[next]?.type !== type) next++;
    const extension = outer[next++];
    if (extension === undefined) return ALERT.illegalParameter;
    found.push(extension);
  }
  return found;
}

/**
 * Puts the message together. No length overflows: what is put in for ech_outer_extensions is in the outer hello's
 * extensions beside the encoded hello, each once.
 */
function assemble(parts: InnerParts, encoded: Uint8Array, outer: Uint8Array): Uint8Array {
  const { middle, extensions, gapStart, gapEnd, extensionsEnd, sessionStart, sessionEnd } = parts;
  let extensionsLength = gapStart - extensions + extensionsEnd - gapEnd;
  for (const { start, end } of parts.referenced) extensionsLength += EXTENSION_HEADER + end - start;
  const length = HELLO_START + sessionEnd - sessionStart + extensions - middle + extensionsLength;

  const message = new Uint8Array(HANDSHAKE_HEADER + length);
  message.set([CLIENT_HELLO_TYPE, length >> 16, length >> 8, length]);
  let offset = HANDSHAKE_HEADER;
  const copy = (from: Uint8Array, start: number, end: number) => {
    message.set(from.subarray(start, end), offset);
    offset += end - start;
  };
  copy(encoded, 0, HELLO_START);
  copy(outer, sessionStart, sessionEnd);
  copy(encoded, middle, extensions);
  message[offset - 2] = extensionsLength >> 8;
  message[offset - 1] = extensionsLength;
  copy(encoded, extensions, gapStart);
  for (const { start, end } of parts.referenced) copy(outer, start - EXTENSION_HEADER, end);
  copy(encoded, gapEnd, extensionsEnd);
  return message;
}

/** Whether the hello says of itself that it is an inner one (RFC 9849 §7.1). */
function isMarkedInner(message: Uint8Array, hello: ClientHello): boolean {
  return hello.extensions.some(({ type, start, end }) =>
    type === EXTENSION.encryptedClientHello && end - start === 1 && message[start] === ECH_INNER
  );
}

/** Whether it offers TLS 1.3 and nothing before (RFC 9849 §7.1). GREASE values (RFC 8701) are all above both. */
function offersOnlyTls13({ supportedVersions }: ClientHello): boolean {
  const TLS12 = 0x0303;
  const TLS13 = 0x0304;
  return supportedVersions.includes(TLS13) && supportedVersions.every((version) => version > TLS12);
}

function alertFor(code: MalformedCode): number {
  switch (code) {
    case "bad_length":
    case "trailing_bytes":
    case "too_long":
      return ALERT.decodeError;
    case "bad_value":
    case "duplicate":
    case "bad_checksum":
      return ALERT.illegalParameter;
  }
}
