/**
 * Private keys for HPKE as PKCS #8 has them (RFC 5958): X25519 as in RFC 8410, P-256 as in RFC 5915.
 *
 * @module
 */

import { createPrivateKey, type KeyObject } from "node:crypto";
import type { EchKem } from "../../model/ech.ts";
import { derivePublicKey } from "../../proto/hpke/key.ts";
import { ValueError } from "../config/value_error.ts";

/** A private key as HPKE takes it. */
export interface HpkePrivateKey {
  readonly kem: EchKem;
  /** The scalar, 32 bytes. */
  readonly privateKey: Uint8Array;
}

/** Bytes of a scalar of either curve. */
const SCALAR_LENGTH = 32;

// What comes before the scalar, and for P-256 what comes between it and the public key: all of it fixed, as the lengths
// are. OpenSSL writes the same bytes.
const X25519_HEAD = Uint8Array.fromHex("302e020100300506032b656e04220420");
const P256_HEAD = Uint8Array.fromHex(
  "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
);
const P256_PUBLIC_KEY_HEAD = Uint8Array.fromHex("a144034200");

/**
 * Reads a key.
 *
 * @throws {ValueError} when it is not one for X25519 or P-256; never with any of its bytes
 */
export function decodePkcs8(der: Uint8Array): HpkePrivateKey {
  const key = readKey(der);
  const kem = kemOf(key);
  const { d = "" } = key.export({ format: "jwk" });
  const scalar = Uint8Array.fromBase64(d, { alphabet: "base64url" });
  const privateKey = new Uint8Array(SCALAR_LENGTH);
  // Whoever wrote it may have left out zeros in front.
  privateKey.set(scalar, SCALAR_LENGTH - scalar.length);
  return { kem, privateKey };
}

/**
 * Writes a key in DER, byte for byte as OpenSSL does.
 *
 * @throws {RangeError} where the scalar is none of its curve
 */
export function encodePkcs8({ kem, privateKey }: HpkePrivateKey): Uint8Array {
  switch (kem) {
    case "x25519":
      return Uint8Array.from([...X25519_HEAD, ...privateKey]);
    case "p256": {
      const publicKey = derivePublicKey(kem, privateKey);
      if (publicKey === null) throw new RangeError("The scalar is none of P-256");
      return Uint8Array.from([...P256_HEAD, ...privateKey, ...P256_PUBLIC_KEY_HEAD, ...publicKey]);
    }
  }
}

function readKey(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({
      key: der.toBase64(),
      encoding: "base64",
      format: "der",
      type: "pkcs8",
    });
  } catch {
    throw new ValueError(
      "The private key cannot be read as PKCS #8",
      "ECH takes keys for X25519 and P-256 (a named curve), without a password",
    );
  }
}

function kemOf(key: KeyObject): EchKem {
  const type = key.asymmetricKeyType;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (type === "x25519") return "x25519";
  if (type === "ec" && curve === "prime256v1") return "p256";
  throw new ValueError(
    `The private key is for ${curve ?? type}: ECH takes X25519 and P-256`,
    `Make one with "rpxy-l4 ech generate"`,
  );
}
