/**
 * The server's half of a key exchange: a share for the client, and the secret that both then have.
 *
 * @module
 */

import { diffieHellman } from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { EchKem } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { importPrivateKey, importPublicKey, keyPairFromSeed } from "../hpke/key.ts";

/** What a key exchange gives. */
export interface SharedKey {
  /** For the client. */
  readonly share: Uint8Array;
  readonly secret: Uint8Array;
}

/** A named group (RFC 8446 §4.2.7). */
export interface Group {
  readonly id: number;
  /** Null where the client's share is none. `random` gives as many bytes as it is asked for. */
  agree(clientShare: Uint8Array, random: (length: number) => Uint8Array): SharedKey | null;
}

const X25519: Group = { id: 0x001d, agree: (share, random) => agreeByDh("x25519", share, random) };

const P256: Group = { id: 0x0017, agree: (share, random) => agreeByDh("p256", share, random) };

const ML_KEM_KEY = 1184;

/** draft-ietf-tls-ecdhe-mlkem: the part of ML-KEM-768 comes first in shares and in the secret. */
const X25519_ML_KEM_768: Group = {
  id: 0x11ec,
  agree(clientShare, random) {
    const agreed = agreeByDh("x25519", clientShare.subarray(ML_KEM_KEY), random);
    const encapsulated = encapsulate(clientShare.subarray(0, ML_KEM_KEY), random);
    if (agreed === null || encapsulated === null) return null;
    return {
      share: concat(encapsulated.cipherText, agreed.share),
      secret: concat(encapsulated.sharedSecret, agreed.secret),
    };
  },
};

/**
 * All groups, best first. The one that is safe from quantum computers costs most, but what is said under it may be a whole
 * conversation with the public site, by a client whose ECH was GREASE.
 */
export const GROUPS: readonly Group[] = [X25519_ML_KEM_768, X25519, P256];

function agreeByDh(
  kem: EchKem,
  clientShare: Uint8Array,
  random: (length: number) => Uint8Array,
): SharedKey | null {
  const clientKey = importPublicKey(kem, clientShare);
  if (clientKey === null) return null;
  const own = keyPairFromSeed(kem, random(32));
  const privateKey = importPrivateKey(kem, own.privateKey);
  if (privateKey === null) return null;
  try {
    // Throws where X25519 gives zeros alone, which RFC 8446 §7.4.2 wants refused.
    const secret = diffieHellman({ privateKey, publicKey: clientKey });
    return { share: own.publicKey, secret };
  } catch {
    return null;
  }
}

/** Null where a key of the right length is no key: the check of FIPS 203 §7.2. */
function encapsulate(key: Uint8Array, random: (length: number) => Uint8Array) {
  try {
    return ml_kem768.encapsulate(key, random(32));
  } catch {
    return null;
  }
}
