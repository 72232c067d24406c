/**
 * A self-signed certificate made on the spot: X.509 v3 (RFC 5280) with an ECDSA P-256 key and server names.
 *
 * The libraries that make one come with some twenty packages; these few DER structures keep them out of a program
 * that is trusted with a network's traffic.
 *
 * @module
 */

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its private key (PKCS #8), both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate for the given DNS names, valid from an hour before `now` (milliseconds since the epoch) for a
 * week. It is no CA certificate, so that it can be both the server's certificate and the client's trust anchor.
 */
export function selfSignedCertificate(names: readonly string[], now: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signatureAlgorithm = sequence(ECDSA_WITH_SHA256);
  const subject = sequence(set(sequence(COMMON_NAME, utf8String(names[0] ?? "localhost"))));
  const tbsCertificate = sequence(
    explicit(0, integer(Uint8Array.of(2))), // v3
    integer(randomBytes(16)),
    signatureAlgorithm,
    subject, // as issuer
    sequence(utcTime(now - HOUR), utcTime(now + 7 * 24 * HOUR)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(sequence(SUBJECT_ALT_NAME, octetString(sequence(...names.map(dnsName)))))),
  );
  const signature = bitString(sign("sha256", tbsCertificate, privateKey));
  return {
    cert: pem("CERTIFICATE", sequence(tbsCertificate, signatureAlgorithm, signature)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const HOUR = 3_600_000;

/** 1.2.840.10045.4.3.2 (RFC 5758 §3.2). */
const ECDSA_WITH_SHA256 = der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
/** 2.5.4.3 (RFC 5280, appendix A.1). */
const COMMON_NAME = der(0x06, [0x55, 0x04, 0x03]);
/** 2.5.29.17 (RFC 5280 §4.2.1.6). */
const SUBJECT_ALT_NAME = der(0x06, [0x55, 0x1d, 0x11]);

/** One DER value: tag, length, contents (X.690 §10.1: the shortest form of the length). */
function der(tag: number, contents: ArrayLike<number>): Uint8Array {
  const { length } = contents;
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  const value = new Uint8Array(header.length + length);
  value.set(header);
  value.set(contents, header.length);
  return value;
}

function constructed(tag: number, values: readonly Uint8Array[]): Uint8Array {
  return der(tag, values.flatMap((value) => [...value]));
}

function sequence(...values: Uint8Array[]): Uint8Array {
  return constructed(0x30, values);
}

function set(value: Uint8Array): Uint8Array {
  return constructed(0x31, [value]);
}

function explicit(tag: number, value: Uint8Array): Uint8Array {
  return constructed(0xa0 | tag, [value]);
}

/** A positive INTEGER without leading zeros: the first byte is made to be in 1–127. */
function integer(magnitude: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(magnitude);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) || 1;
  return der(0x02, bytes);
}

function utf8String(text: string): Uint8Array {
  return der(0x0c, new TextEncoder().encode(text));
}

function octetString(value: Uint8Array): Uint8Array {
  return der(0x04, value);
}

function bitString(value: Uint8Array): Uint8Array {
  return der(0x03, [0, ...value]);
}

function dnsName(name: string): Uint8Array {
  return der(0x82, new TextEncoder().encode(name));
}

/** `YYMMDDhhmmssZ` (RFC 5280 §4.1.2.5.1). */
function utcTime(time: number): Uint8Array {
  const digits = new Date(time).toISOString().replace(/[-:T]|\.\d+/g, "").slice(2);
  return der(0x17, new TextEncoder().encode(digits));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
