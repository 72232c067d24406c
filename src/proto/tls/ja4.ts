/**
 * The JA4 fingerprint of a TLS client: FoxIO's "JA4: TLS Client Fingerprinting", the part of JA4+ under the BSD licence.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { Reader } from "../bytes.ts";
import { type ClientHello, EXTENSION, HANDSHAKE_HEADER } from "./client_hello.ts";

/** What carries a hello: TLS over TCP, QUIC, or DTLS. */
export type HelloCarrier = "t" | "q" | "d";

/** Stands for a hash of nothing. */
const NO_HASH = "000000000000";

const SIGNATURE_ALGORITHMS = 13;

/** How versions are written; others are `00`. */
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, "13"],
  [0x0303, "12"],
  [0x0302, "11"],
  [0x0301, "10"],
  [0x0300, "s3"],
  [0x0002, "s2"],
  [0xfeff, "d1"],
  [0xfefd, "d2"],
  [0xfefc, "d3"],
]);

/**
 * The fingerprint, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`.
 *
 * @param message the whole handshake message that `hello` was read from
 */
export function ja4(message: Uint8Array, hello: ClientHello, carrier: HelloCarrier): string {
  const ciphers = readCiphers(message);
  const types = hello.extensions.map(({ type }) => type).filter(isNoGrease);
  const hashed = types.filter((type) => type !== EXTENSION.serverName && type !== EXTENSION.alpn);
  const destination = types.includes(EXTENSION.serverName) ? "d" : "i";
  const counts = twoDigits(ciphers.length) + twoDigits(types.length);

  const start = carrier + versionOf(hello) + destination + counts + alpnOf(hello);
  const algorithms = readSignatureAlgorithms(message, hello);
  const extensions = sortedHex(hashed);
  const second = algorithms.length === 0
    ? extensions
    : `${extensions}_${algorithms.map(hex).join()}`;
  return `${start}_${hash(sortedHex(ciphers))}_${hashed.length === 0 ? NO_HASH : hash(second)}`;
}

function readCiphers(message: Uint8Array): number[] {
  const body = new Reader(message, HANDSHAKE_HEADER);
  body.skip(2 + 32);
  body.skip(body.u8());
  return readList(body.sub(body.u16())).filter(isNoGrease);
}

/** In the order of the client; an extension that cannot be read has none. */
function readSignatureAlgorithms(message: Uint8Array, { extensions }: ClientHello): number[] {
  const extension = extensions.find(({ type }) => type === SIGNATURE_ALGORITHMS);
  if (extension === undefined) return [];
  const data = new Reader(message, extension.start, extension.end);
  return readList(data.sub(data.u16())).filter(isNoGrease);
}

function readList(list: Reader): number[] {
  const values: number[] = [];
  while (list.remaining >= 2) values.push(list.u16());
  return values;
}

/** The highest version of supported_versions, where that is there, else the version field. */
function versionOf({ legacyVersion, supportedVersions }: ClientHello): string {
  const offered = supportedVersions.filter(isNoGrease);
  const version = offered.length > 0 ? Math.max(...offered) : legacyVersion;
  return VERSIONS.get(version) ?? "00";
}

/** First and last character of the first ALPN name; of their hexadecimal form where one is no letter or digit. */
function alpnOf({ alpn }: ClientHello): string {
  const [name = ""] = alpn;
  const [first = "", last = ""] = [name.at(0), name.at(-1)];
  if (first === "") return "00";
  if (isAlphanumeric(first) && isAlphanumeric(last)) return first + last;
  return (byteHex(first)[0] ?? "") + (byteHex(last)[1] ?? "");
}

function isAlphanumeric(character: string): boolean {
  return /^[0-9A-Za-z]$/.test(character);
}

function byteHex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}

/** RFC 8701 §2: values such as 0x1a1a say nothing of the client. */
function isNoGrease(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >> 8 !== (value & 0xff);
}

function twoDigits(count: number): string {
  return String(Math.min(count, 99)).padStart(2, "0");
}

function sortedHex(values: readonly number[]): string {
  return values.map(hex).sort().join();
}

function hex(value: number): string {
  return value.toString(16).padStart(4, "0");
}

function hash(text: string): string {
  return text === "" ? NO_HASH : createHash("sha256").update(text).digest("hex").slice(0, 12);
}
