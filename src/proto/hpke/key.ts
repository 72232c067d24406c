/**
 * Keys of the KEMs of HPKE (RFC 9180 §7.1) as raw bytes, and as objects of `node:crypto`.
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type PrivateKeyInput,
} from "node:crypto";
import type { EchKem } from "../../model/ech.ts";
import { ascii, labeledExpand, labeledExtract } from "./labeled.ts";
import { HPKE_KEMS, KEM_KDF } from "./suites.ts";

/** A key pair: the scalar, and the public key as it stands in a configuration. */
export interface HpkeKeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** What goes in front of raw keys of a KEM to make the DER that `node:crypto` reads. */
interface DerPrefixes {
  /** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
  readonly spki: Uint8Array;
  /** PrivateKeyInfo (RFC 5208 §5), for EC keys without the optional public key. */
  readonly pkcs8: Uint8Array;
}

const DER: { readonly [Name in EchKem]: DerPrefixes } = {
  x25519: {
    spki: Uint8Array.fromHex("302a300506032b656e032100"),
    pkcs8: Uint8Array.fromHex("302e020100300506032b656e04220420"),
  },
  p256: {
    spki: Uint8Array.fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    pkcs8: Uint8Array.fromHex(
      "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
    ),
  },
};

const NO_BYTES = new Uint8Array(0);

/** First byte of a point that is not compressed (SEC 1 §2.3.3), the only form that HPKE has (RFC 9180 §7.1.1). */
const UNCOMPRESSED = 4;

/** A private key for `node:crypto`; null where the bytes are none, such as a scalar out of range. */
export function importPrivateKey(kem: EchKem, privateKey: Uint8Array): KeyObject | null {
  if (privateKey.length !== HPKE_KEMS[kem].privateKeyLength) return null;
  try {
    return createPrivateKey({ key: der(DER[kem].pkcs8, privateKey), format: "der", type: "pkcs8" });
  } catch {
    return null;
  }
}

/** A public key for `node:crypto`; null where the bytes are none, such as a point that is not on the curve. */
export function importPublicKey(kem: EchKem, publicKey: Uint8Array): KeyObject | null {
  if (publicKey.length !== HPKE_KEMS[kem].publicKeyLength) return null;
  if (kem === "p256" && publicKey[0] !== UNCOMPRESSED) return null;
  try {
    return createPublicKey({ key: der(DER[kem].spki, publicKey), format: "der", type: "spki" });
  } catch {
    return null;
  }
}

/** The public key that belongs to a private one; null where the bytes are no private key of this KEM. */
export function derivePublicKey(kem: EchKem, privateKey: Uint8Array): Uint8Array | null {
  const key = importPrivateKey(kem, privateKey);
  if (key === null) return null;
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return new Uint8Array(spki.subarray(DER[kem].spki.length));
}

/**
 * DeriveKeyPair (RFC 9180 §7.1.3): the key pair that follows from secret random bytes.
 *
 * @param ikm at least 32 bytes
 */
export function keyPairFromSeed(kem: EchKem, ikm: Uint8Array): HpkeKeyPair {
  const { privateKeyLength } = HPKE_KEMS[kem];
  const suiteId = kemSuiteId(kem);
  const prk = labeledExtract(KEM_KDF, suiteId, NO_BYTES, ascii("dkp_prk"), ikm);
  const expand = (label: string, info: Uint8Array) =>
    labeledExpand(KEM_KDF, suiteId, prk, ascii(label), info, privateKeyLength);
  // Any bytes are a key of X25519. For P-256, one of some four thousand million is out of range.
  for (let counter = 0; counter < 256; counter++) {
    const privateKey = kem === "x25519"
      ? expand("sk", NO_BYTES)
      : expand("candidate", Uint8Array.of(counter));
    const publicKey = derivePublicKey(kem, privateKey);
    if (publicKey !== null) return { privateKey, publicKey };
  }
  throw new Error("No key follows from these bytes"); // DeriveKeyPairError
}

/** What ties derivations of a KEM to it (RFC 9180 §4.1). */
export function kemSuiteId(kem: EchKem): Uint8Array {
  const { id } = HPKE_KEMS[kem];
  return Uint8Array.of(0x4b, 0x45, 0x4d, id >> 8, id); // "KEM"
}

/** Typed as what `node:crypto` is declared to take; it takes any bytes. */
function der(prefix: Uint8Array, raw: Uint8Array): Exclude<PrivateKeyInput["key"], string> {
  const bytes = new Uint8Array(prefix.length + raw.length);
  bytes.set(prefix);
  bytes.set(raw, prefix.length);
  return bytes as Exclude<PrivateKeyInput["key"], string>;
}
