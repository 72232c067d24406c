/**
 * The receiving side of HPKE in base mode (RFC 9180 §5): one private key, many senders.
 *
 * @module
 */

import { createDecipheriv, diffieHellman, type KeyObject } from "node:crypto";
import type { EchCipherSuite, EchKem } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { importPrivateKey, importPublicKey, kemSuiteId } from "./key.ts";
import { ascii, labeledExpand, labeledExtract } from "./labeled.ts";
import { aeadById, HPKE_KEMS, type HpkeAead, type HpkeKdf, kdfById, KEM_KDF } from "./suites.ts";

const BASE_MODE = 0;
const NONCE = 12;
const TAG = 16;
const NO_BYTES = new Uint8Array(0);

const LABEL = {
  eaePrk: ascii("eae_prk"),
  sharedSecret: ascii("shared_secret"),
  pskIdHash: ascii("psk_id_hash"),
  infoHash: ascii("info_hash"),
  secret: ascii("secret"),
  key: ascii("key"),
  baseNonce: ascii("base_nonce"),
} as const;

/** What depends on a cipher suite but not on the sender. */
interface SuiteContext {
  readonly kdf: HpkeKdf;
  readonly aead: HpkeAead;
  readonly suiteId: Uint8Array;
  /** `key_schedule_context` (RFC 9180 §5.1). */
  readonly context: Uint8Array;
}

/** A private key with what senders seal for (`info`), ready to receive. */
export class HpkeRecipient {
  readonly #kem: EchKem;
  readonly #key: KeyObject | null;
  readonly #kemSuiteId: Uint8Array;
  readonly #publicKey: Uint8Array;
  readonly #info: Uint8Array;
  readonly #suites = new Map<number, SuiteContext | null>();

  /** A private key that is none receives nothing. */
  constructor(kem: EchKem, privateKey: Uint8Array, publicKey: Uint8Array, info: Uint8Array) {
    this.#kem = kem;
    this.#key = importPrivateKey(kem, privateKey);
    this.#kemSuiteId = kemSuiteId(kem);
    this.#publicKey = publicKey;
    this.#info = info;
  }

  /**
   * SetupBaseR (RFC 9180 §5.1.1). Null where the suite is not known or the encapsulated key is none (RFC 9180 §7.1.4).
   *
   * @param enc the encapsulated key
   */
  setup(suite: EchCipherSuite, enc: Uint8Array): HpkeReceiver | null {
    const prepared = this.#suite(suite);
    const sharedSecret = prepared === null ? null : this.#decapsulate(enc);
    if (prepared === null || sharedSecret === null) return null;
    const { kdf, aead, suiteId, context } = prepared;
    const secret = labeledExtract(kdf, suiteId, sharedSecret, LABEL.secret);
    return new HpkeReceiver(
      aead,
      labeledExpand(kdf, suiteId, secret, LABEL.key, context, aead.keyLength),
      labeledExpand(kdf, suiteId, secret, LABEL.baseNonce, context, NONCE),
    );
  }

  /** Decap (RFC 9180 §4.1). */
  #decapsulate(enc: Uint8Array): Uint8Array | null {
    const publicKey = importPublicKey(this.#kem, enc);
    if (publicKey === null || this.#key === null) return null;
    let dh: Uint8Array;
    try {
      // Throws where X25519 gives zeros alone, which RFC 9180 §7.1.4 wants refused.
      dh = diffieHellman({ privateKey: this.#key, publicKey });
    } catch {
      return null;
    }
    const suiteId = this.#kemSuiteId;
    const prk = labeledExtract(KEM_KDF, suiteId, NO_BYTES, LABEL.eaePrk, dh);
    const context = concat(enc, this.#publicKey);
    return labeledExpand(KEM_KDF, suiteId, prk, LABEL.sharedSecret, context, 32);
  }

  #suite({ kdf: kdfId, aead: aeadId }: EchCipherSuite): SuiteContext | null {
    const kdf = kdfById(kdfId);
    const aead = aeadById(aeadId);
    if (kdf === null || aead === null) return null;
    const number = kdfId << 16 | aeadId;
    const known = this.#suites.get(number);
    if (known !== undefined) return known;
    const kemId = HPKE_KEMS[this.#kem].id;
    const suiteId = concat(
      ascii("HPKE"),
      Uint8Array.of(kemId >> 8, kemId, kdfId >> 8, kdfId, aeadId >> 8, aeadId),
    );
    const made = {
      kdf,
      aead,
      suiteId,
      context: concat(
        Uint8Array.of(BASE_MODE),
        labeledExtract(kdf, suiteId, NO_BYTES, LABEL.pskIdHash),
        labeledExtract(kdf, suiteId, NO_BYTES, LABEL.infoHash, this.#info),
      ),
    };
    this.#suites.set(number, made);
    return made;
  }
}

/** Opens what one sender seals, in its order (ContextR of RFC 9180 §5.2). */
export class HpkeReceiver {
  readonly #aead: HpkeAead;
  readonly #key: Uint8Array;
  readonly #baseNonce: Uint8Array;
  #sequence = 0;

  /** Made by {@linkcode HpkeRecipient.setup}. */
  constructor(aead: HpkeAead, key: Uint8Array, baseNonce: Uint8Array) {
    this.#aead = aead;
    this.#key = key;
    this.#baseNonce = baseNonce;
  }

  /** The plaintext, in memory of its own; null where it was not sealed like this, which uses up no number. */
  open(aad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
    const tagStart = ciphertext.length - TAG;
    if (tagStart < 0) return null;
    // One cipher's name for all three: they are used alike, but declared apart.
    const decipher = createDecipheriv(this.#aead.cipher as "aes-128-gcm", this.#key, this.#nonce());
    decipher.setAAD(aad);
    decipher.setAuthTag(ciphertext.subarray(tagStart));
    const plaintext = decipher.update(ciphertext.subarray(0, tagStart));
    try {
      decipher.final(); // also what releases the cipher
    } catch {
      return null;
    }
    this.#sequence++;
    return plaintext;
  }

  /** ComputeNonce. No sequence here comes near 2^32. */
  #nonce(): Uint8Array {
    const nonce = new Uint8Array(this.#baseNonce);
    for (let i = 0; i < 4; i++) {
      const place = NONCE - 1 - i;
      nonce[place] = (nonce[place] ?? 0) ^ this.#sequence >>> 8 * i;
    }
    return nonce;
  }
}
