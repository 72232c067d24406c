/**
 * What a ClientHello offers to a server of TLS 1.3 (RFC 8446 §4.1.2, §4.2).
 *
 * @module
 */

import type { MalformedCode } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import {
  type ClientHello,
  EXTENSION,
  HANDSHAKE_HEADER,
  hasExtension,
  parseClientHello,
} from "../tls/client_hello.ts";

/** The version that is spoken. */
export const TLS_1_3 = 0x0304;

/** Extension types that only a server of TLS 1.3 looks at. */
export const TLS13_EXTENSION = {
  supportedGroups: 10,
  signatureAlgorithms: 13,
  preSharedKey: 41,
  earlyData: 42,
  pskKeyExchangeModes: 45,
  keyShare: 51,
} as const;

/** The offer. Holds no view of the message. */
export interface ClientOffer {
  /** From the version to the compression methods: a second hello must have the same (RFC 8446 §4.1.2). */
  readonly fixedPart: Uint8Array;
  readonly sessionId: Uint8Array;
  /** In the order of the client, as with all lists here; unknown and GREASE values included. */
  readonly cipherSuites: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** Public keys by group. */
  readonly keyShares: ReadonlyMap<number, Uint8Array>;
  readonly alpn: readonly string[];
  readonly hasEch: boolean;
  readonly hasEarlyData: boolean;
}

/** An offer, or the alert that the hello is refused with. */
export type OfferVerdict =
  | { readonly kind: "offer"; readonly offer: ClientOffer }
  | { readonly kind: "fault"; readonly alert: number };

/** Reads the offer of a whole ClientHello, handshake header included. */
export function readClientOffer(message: Uint8Array): OfferVerdict {
  const parsed = parseClientHello(message);
  if (parsed.kind === "malformed") return fault(alertFor(parsed.code));
  if (parsed.kind !== "match") return fault(ALERT.decodeError);
  const hello = parsed.value;
  if (!hello.supportedVersions.includes(TLS_1_3)) return fault(ALERT.protocolVersion);

  const body = new Reader(message, HANDSHAKE_HEADER);
  body.skip(2 + 32); // version, random
  const sessionId = body.take(body.u8()).slice();
  const cipherSuites = listOf(body.sub(body.u16()));
  const compression = body.take(body.u8());
  const fixedPart = message.slice(HANDSHAKE_HEADER, body.offset);
  if (compression.length !== 1 || compression[0] !== 0) return fault(ALERT.illegalParameter);

  const missing = checkExtensions(hello);
  if (missing !== null) return fault(missing);
  const groups = readList(extensionData(message, hello, TLS13_EXTENSION.supportedGroups));
  const algorithms = readList(extensionData(message, hello, TLS13_EXTENSION.signatureAlgorithms));
  const keyShares = readKeyShares(extensionData(message, hello, TLS13_EXTENSION.keyShare));
  if (groups === null || algorithms === null || keyShares === null) return fault(ALERT.decodeError);
  // What a server may check of shares (RFC 8446 §4.2.8): none twice, and none of a group that is not offered.
  const shares = new Map(keyShares);
  if (shares.size < keyShares.length) return fault(ALERT.illegalParameter);
  const offered = new Set(groups);
  for (const group of shares.keys()) if (!offered.has(group)) return fault(ALERT.illegalParameter);

  return {
    kind: "offer",
    offer: {
      fixedPart,
      sessionId,
      cipherSuites,
      groups,
      signatureAlgorithms: algorithms,
      keyShares: shares,
      alpn: hello.alpn,
      hasEch: hasExtension(hello, EXTENSION.encryptedClientHello),
      hasEarlyData: hasExtension(hello, TLS13_EXTENSION.earlyData),
    },
  };
}

/** Extensions that must be there, or must be in their place (RFC 8446 §4.2.9, §4.2.11, §9.2). */
function checkExtensions(hello: ClientHello): number | null {
  const has = (type: number) => hasExtension(hello, type);
  const { supportedGroups, signatureAlgorithms, keyShare, preSharedKey, pskKeyExchangeModes } =
    TLS13_EXTENSION;
  // A client that can do nothing but resume may leave out the first three, but nothing is resumed here.
  if (![supportedGroups, signatureAlgorithms, keyShare].every(has)) return ALERT.missingExtension;
  if (!has(preSharedKey)) return null;
  if (!has(pskKeyExchangeModes)) return ALERT.missingExtension;
  return hello.extensions.at(-1)?.type === preSharedKey ? null : ALERT.illegalParameter;
}

function extensionData(message: Uint8Array, { extensions }: ClientHello, type: number): Reader {
  const found = extensions.find((extension) => extension.type === type);
  return new Reader(message, found?.start ?? 0, found?.end ?? 0);
}

/** Values of two bytes behind the length of the list; null where it is broken, or empty. */
function readList(data: Reader): number[] | null {
  const list = data.sub(data.u16());
  const isList = list.remaining > 0 && list.remaining % 2 === 0 && data.complete;
  return isList ? listOf(list) : null;
}

function listOf(list: Reader): number[] {
  const values: number[] = [];
  while (list.remaining > 0) values.push(list.u16());
  return values;
}

/** The list may be empty, which asks for a HelloRetryRequest; no key may be. */
function readKeyShares(data: Reader): [number, Uint8Array][] | null {
  const list = data.sub(data.u16());
  const shares: [number, Uint8Array][] = [];
  while (list.remaining > 0) {
    const group = list.u16();
    const key = list.take(list.u16());
    if (key.length === 0) return null;
    shares.push([group, key.slice()]);
  }
  return list.overrun || !data.complete ? null : shares;
}

function alertFor(code: MalformedCode): number {
  switch (code) {
    case "bad_value": // of the version field, the only one of which the parser thinks so
      return ALERT.protocolVersion;
    case "duplicate":
      return ALERT.illegalParameter;
    case "bad_length":
    case "trailing_bytes":
    case "too_long":
    case "bad_checksum":
      return ALERT.decodeError;
  }
}

function fault(alert: number): OfferVerdict {
  return { kind: "fault", alert };
}
