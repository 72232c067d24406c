/**
 * ECHConfigList and ECHConfig (RFC 9849 §4): what servers publish and clients seal for.
 *
 * @module
 */

import type { EchCipherSuite } from "../../model/ech.ts";
import type { MalformedCode, Verdict } from "../../model/verdict.ts";
import { concat, latin1, Reader } from "../bytes.ts";
import { MALFORMED } from "../malformed.ts";
import { u16, vector16, vector8 } from "../tls/encode.ts";

/** Version of RFC 9849, the same as the number of its extension. */
export const ECH_VERSION = 0xfe0d;

/** An extension of a configuration (RFC 9849 §4.2). */
export interface EchConfigExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** ECHConfigContents. */
export interface EchConfigContents {
  /** 0–255. */
  readonly configId: number;
  /** Identifier of RFC 9180 §7.1; any. */
  readonly kem: number;
  readonly publicKey: Uint8Array;
  /** In the order in which the server prefers them; never empty. */
  readonly suites: readonly EchCipherSuite[];
  /** 0 where it is not told. */
  readonly maximumNameLength: number;
  /** As it stands there, one character a byte; {@linkcode isPublicName} says whether clients take it. */
  readonly publicName: string;
  readonly extensions: readonly EchConfigExtension[];
}

/** A configuration of a version that is known. */
export interface EchConfig extends EchConfigContents {
  readonly kind: "config";
  readonly version: typeof ECH_VERSION;
  /** The whole ECHConfig, version and length included. */
  readonly raw: Uint8Array;
}

/** A configuration of another version, which nothing but its length is known of. */
export interface OpaqueEchConfig {
  readonly kind: "opaque";
  readonly version: number;
  /** The whole ECHConfig, version and length included. */
  readonly raw: Uint8Array;
}

/** Reads an ECHConfigList. `raw`, `publicKey` and data of extensions are views of the bytes given. */
export function parseEchConfigList(
  bytes: Uint8Array,
): Verdict<readonly (EchConfig | OpaqueEchConfig)[]> {
  const reader = new Reader(bytes);
  const list = reader.sub(reader.u16());
  if (list.overrun || list.remaining === 0) return MALFORMED.bad_length;
  if (reader.remaining > 0) return MALFORMED.trailing_bytes;
  const configs: (EchConfig | OpaqueEchConfig)[] = [];
  while (list.remaining > 0) {
    const start = list.offset;
    const version = list.u16();
    const contents = list.sub(list.u16());
    if (contents.overrun) return MALFORMED.bad_length;
    const raw = bytes.subarray(start, list.offset);
    if (version !== ECH_VERSION) {
      configs.push({ kind: "opaque", version, raw });
      continue;
    }
    const read = readContents(contents);
    if (typeof read === "string") return MALFORMED[read];
    configs.push({ kind: "config", version, raw, ...read });
  }
  return { kind: "match", value: configs };
}

/**
 * Writes an ECHConfig, version and length included.
 *
 * @throws {RangeError} where a part is longer or shorter than the format allows
 */
export function encodeEchConfig(contents: EchConfigContents): Uint8Array {
  const { configId, kem, publicKey, suites, maximumNameLength, publicName, extensions } = contents;
  return concat(
    u16(ECH_VERSION),
    vector16(
      Uint8Array.of(configId),
      u16(kem),
      vector16(filled(publicKey)),
      vector16(filled(concat(...suites.flatMap(({ kdf, aead }) => [u16(kdf), u16(aead)])))),
      Uint8Array.of(maximumNameLength),
      vector8(filled(Uint8Array.from(publicName, (character) => character.charCodeAt(0)))),
      vector16(...extensions.flatMap(({ type, data }) => [u16(type), vector16(data)])),
    ),
  );
}

/**
 * Writes an ECHConfigList.
 *
 * @param configs whole configurations of any version, as {@linkcode encodeEchConfig} writes them; at least one
 * @throws {RangeError} where there is none, or they are too long together
 */
export function encodeEchConfigList(configs: readonly Uint8Array[]): Uint8Array {
  return vector16(filled(concat(...configs)));
}

/**
 * Whether clients take this for a public name (RFC 9849 §6.1.7): labels of letters, digits and hyphens, not what could
 * be read as an IPv4 address.
 */
export function isPublicName(name: string): boolean {
  return name.length <= 253 && LDH_NAME.test(name) && !NUMERIC_END.test(name);
}

/** LDH labels (RFC 5890 §2.3.1): no hyphen at either end. */
const LDH_NAME =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/;

/** Whether the configuration has an extension that clients must know or else ignore it (RFC 9849 §4.2): none is known. */
export function hasMandatoryExtension({ extensions }: EchConfigContents): boolean {
  return extensions.some(({ type }) => type >= 0x8000);
}

function readContents(reader: Reader): EchConfigContents | MalformedCode {
  const configId = reader.u8();
  const kem = reader.u16();
  const publicKey = reader.take(reader.u16());
  const suiteList = reader.sub(reader.u16());
  const maximumNameLength = reader.u8();
  const publicName = reader.take(reader.u8());
  const extensionList = reader.sub(reader.u16());
  if (reader.overrun || publicKey.length === 0 || publicName.length === 0) return "bad_length";
  if (suiteList.remaining === 0 || suiteList.remaining % 4 !== 0) return "bad_length";
  if (reader.remaining > 0) return "trailing_bytes";
  const suites: EchCipherSuite[] = [];
  while (suiteList.remaining > 0) suites.push({ kdf: suiteList.u16(), aead: suiteList.u16() });
  const extensions = readExtensions(extensionList);
  if (typeof extensions === "string") return extensions;
  return {
    configId,
    kem,
    publicKey,
    suites,
    maximumNameLength,
    publicName: latin1(publicName),
    extensions,
  };
}

function readExtensions(list: Reader): EchConfigExtension[] | MalformedCode {
  const extensions: EchConfigExtension[] = [];
  const seen = new Set<number>();
  while (list.remaining > 0) {
    const type = list.u16();
    const data = list.take(list.u16());
    if (list.overrun) return "bad_length";
    if (seen.has(type)) return "duplicate";
    seen.add(type);
    extensions.push({ type, data });
  }
  return extensions;
}

/** Bytes that may not be empty: no vector that must not be has room for less than one item of its kind. */
function filled(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new RangeError("An empty vector where there must be something");
  return bytes;
}
