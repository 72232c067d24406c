/**
 * The certificate with which the proxy itself finishes a handshake for a public name.
 *
 * @module
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { decodePemBlock, findPemBlocks } from "../../ech/pem.ts";
import { ValueError } from "../value_error.ts";

/** Least bits of an RSA key. */
const MIN_RSA_BITS = 2048;

/**
 * Reads a chain from PEM, the server's own certificate first; other blocks of the text are passed over.
 *
 * @throws {ValueError} when there is none, or one is broken
 */
export function parseCertificates(text: string): readonly X509Certificate[] {
  const blocks = findPemBlocks(text).filter(({ label }) => label === "CERTIFICATE");
  if (blocks.length === 0) {
    throw new ValueError('There is no line "-----BEGIN CERTIFICATE-----"', "Save it as PEM");
  }
  return blocks.map((block, index) => {
    const der = decodePemBlock(block);
    try {
      return new X509Certificate(der);
    } catch {
      throw new ValueError(`Certificate ${index + 1} of ${blocks.length} is broken`);
    }
  });
}

/**
 * Reads a private key from PEM: PKCS #8, SEC1 or PKCS #1.
 *
 * @throws {ValueError} when it is none that TLS 1.3 can sign with here; never with any of its bytes
 */
export function parseCertificateKey(text: string): KeyObject {
  const blocks = findPemBlocks(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [block] = blocks;
  if (block === undefined) {
    throw new ValueError('There is no line "-----BEGIN PRIVATE KEY-----"', "Save the key as PEM");
  }
  const encoding = ENCODINGS.get(block.label);
  // Asked before it is read: to read one would be to ask for its password on the terminal.
  if (encoding === undefined || /^Proc-Type:.*ENCRYPTED/m.test(block.body)) {
    throw new ValueError(
      "The key is encrypted with a password, which nobody would be there to enter",
      "Decrypt it with: openssl pkey",
    );
  }
  const der = decodePemBlock(block);
  let key: KeyObject;
  try {
    key = createPrivateKey({
      key: der.toBase64(),
      encoding: "base64",
      format: "der",
      type: encoding,
    });
  } catch {
    throw new ValueError("The key cannot be read");
  }
  assertUsable(key);
  return key;
}

/** Whether a certificate is for a name, going by its subjectAltName alone, as clients do (RFC 6125 §6.4). */
export function coversName({ subjectAltName }: X509Certificate, name: string): boolean {
  const above = name.slice(name.indexOf("."));
  return (subjectAltName ?? "").split(", ").some((entry) => {
    const pattern = entry.replace(/^DNS:/, "").toLowerCase();
    return pattern === name || pattern === `*${above}`;
  });
}

const ENCODINGS: ReadonlyMap<string, "pkcs8" | "sec1" | "pkcs1"> = new Map([
  ["PRIVATE KEY", "pkcs8"],
  ["EC PRIVATE KEY", "sec1"],
  ["RSA PRIVATE KEY", "pkcs1"],
]);

function assertUsable({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject) {
  const { namedCurve, modulusLength = 0 } = details;
  if (type === "ec" && namedCurve === "prime256v1") return;
  if (type === "rsa" && modulusLength >= MIN_RSA_BITS) return;
  const what = type === "rsa" ? `RSA of ${modulusLength} bits` : namedCurve ?? type;
  throw new ValueError(
    `The key is ${what}: it must be ECDSA on P-256, or RSA of ${MIN_RSA_BITS} bits or more`,
    "Ask for a certificate with another key",
  );
}
