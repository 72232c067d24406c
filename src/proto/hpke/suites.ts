/**
 * Algorithms of HPKE by their identifiers (RFC 9180 §7).
 *
 * @module
 */

import type { EchKem } from "../../model/ech.ts";

/** A key encapsulation mechanism whose keys can be used here (RFC 9180 §7.1). */
export interface HpkeKem {
  readonly name: EchKem;
  readonly id: number;
  /** Bytes of a public key and of an encapsulated key. */
  readonly publicKeyLength: number;
  /** Bytes of a private key. */
  readonly privateKeyLength: number;
}

/** A key derivation function (RFC 9180 §7.2). */
export interface HpkeKdf {
  readonly id: number;
  readonly hash: "sha256" | "sha384" | "sha512";
}

/** A cipher (RFC 9180 §7.3). All have nonces of 12 bytes and tags of 16. */
export interface HpkeAead {
  readonly id: number;
  readonly cipher: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly keyLength: number;
}

/** All KEMs by name. */
export const HPKE_KEMS: { readonly [Name in EchKem]: HpkeKem } = {
  x25519: { name: "x25519", id: 0x0020, publicKeyLength: 32, privateKeyLength: 32 },
  p256: { name: "p256", id: 0x0010, publicKeyLength: 65, privateKeyLength: 32 },
};

const KDFS: readonly HpkeKdf[] = [
  { id: 1, hash: "sha256" },
  { id: 2, hash: "sha384" },
  { id: 3, hash: "sha512" },
];

const AEADS: readonly HpkeAead[] = [
  { id: 1, cipher: "aes-128-gcm", keyLength: 16 },
  { id: 2, cipher: "aes-256-gcm", keyLength: 32 },
  { id: 3, cipher: "chacha20-poly1305", keyLength: 32 },
];

/** Both KEMs are built on HKDF-SHA256 (RFC 9180 §7.1), whatever the suite that they are used with. */
export const KEM_KDF: HpkeKdf = { id: 1, hash: "sha256" };

/** The KEM with this identifier, or null. */
export function kemById(id: number): HpkeKem | null {
  return Object.values(HPKE_KEMS).find((kem) => kem.id === id) ?? null;
}

/** The key derivation function with this identifier, or null. */
export function kdfById(id: number): HpkeKdf | null {
  return KDFS[id - 1] ?? null;
}

/** The cipher with this identifier, or null; so for 0xffff, by which nothing can be sealed. */
export function aeadById(id: number): HpkeAead | null {
  return AEADS[id - 1] ?? null;
}
