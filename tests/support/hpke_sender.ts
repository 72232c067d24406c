/**
 * The sending side of HPKE in base mode (RFC 9180 §5): by a library of others, asynchronous, and by our own parts, which
 * is not independent of what it tests but at once and reproducible.
 *
 * @module
 */

import { createCipheriv, diffieHellman } from "node:crypto";
import { CipherSuite, type CipherSuiteParams } from "hpke-js";
import type { EchCipherSuite, EchKem } from "../../src/model/ech.ts";
import {
  importPrivateKey,
  importPublicKey,
  kemSuiteId,
  keyPairFromSeed,
} from "../../src/proto/hpke/key.ts";
import { ascii, labeledExpand, labeledExtract } from "../../src/proto/hpke/labeled.ts";
import { aeadById, HPKE_KEMS, kdfById, KEM_KDF } from "../../src/proto/hpke/suites.ts";
import { concat, u16 } from "./client_hello_builder.ts";

/** Seals one message after the other. */
export interface HpkeSender<Sealed extends Uint8Array | Promise<Uint8Array>> {
  /** The encapsulated key. */
  readonly enc: Uint8Array;
  seal(aad: Uint8Array, plaintext: Uint8Array): Sealed;
}

/** Whom is sealed for. */
export interface HpkeReceiverKey {
  readonly kem: EchKem;
  readonly publicKey: Uint8Array;
}

/** A sender of hpke-js. */
export async function foreignSender(
  { kem, publicKey }: HpkeReceiverKey,
  suite: EchCipherSuite,
  info: Uint8Array,
): Promise<HpkeSender<Promise<Uint8Array>>> {
  const { id } = HPKE_KEMS[kem];
  const hpke = new CipherSuite({ kem: id, ...suite } as CipherSuiteParams);
  const recipientPublicKey = await hpke.kem.deserializePublicKey(publicKey);
  const sender = await hpke.createSenderContext({ recipientPublicKey, info });
  return {
    enc: new Uint8Array(sender.enc),
    seal: async (aad, plaintext) => new Uint8Array(await sender.seal(plaintext, aad)),
  };
}

/**
 * A sender of our own, whose ephemeral key follows from the seed.
 *
 * @throws {Error} where the key or the suite is none
 */
export function seededSender(
  { kem, publicKey }: HpkeReceiverKey,
  suite: EchCipherSuite,
  info: Uint8Array,
  seed: Uint8Array = new Uint8Array(32).fill(7),
): HpkeSender<Uint8Array> {
  const kdf = kdfById(suite.kdf);
  const aead = aeadById(suite.aead);
  const ephemeral = keyPairFromSeed(kem, seed);
  const privateKey = importPrivateKey(kem, ephemeral.privateKey);
  const receiver = importPublicKey(kem, publicKey);
  if (kdf === null || aead === null || privateKey === null || receiver === null) {
    throw new Error("There is no such suite or key");
  }
  const none = new Uint8Array(0);
  const kemId = kemSuiteId(kem);
  const dh = diffieHellman({ privateKey, publicKey: receiver });
  const prk = labeledExtract(KEM_KDF, kemId, none, ascii("eae_prk"), dh);
  const kemContext = concat(ephemeral.publicKey, publicKey);
  const shared = labeledExpand(KEM_KDF, kemId, prk, ascii("shared_secret"), kemContext, 32);

  const suiteId = concat(ascii("HPKE"), u16(HPKE_KEMS[kem].id), u16(suite.kdf), u16(suite.aead));
  const context = concat(
    Uint8Array.of(0),
    labeledExtract(kdf, suiteId, none, ascii("psk_id_hash")),
    labeledExtract(kdf, suiteId, none, ascii("info_hash"), info),
  );
  const secret = labeledExtract(kdf, suiteId, shared, ascii("secret"));
  const key = labeledExpand(kdf, suiteId, secret, ascii("key"), context, aead.keyLength);
  const nonce = labeledExpand(kdf, suiteId, secret, ascii("base_nonce"), context, 12);
  let sequence = 0;
  return {
    enc: ephemeral.publicKey,
    seal: (aad, plaintext) => {
      const own = new Uint8Array(nonce);
      own[10] = (own[10] ?? 0) ^ sequence >> 8; // tests seal less than 65,536 messages
      own[11] = (own[11] ?? 0) ^ sequence++;
      const options = { authTagLength: 16 };
      const cipher = createCipheriv(aead.cipher as "aes-128-gcm", key, own, options);
      cipher.setAAD(aad);
      const sealed = cipher.update(plaintext);
      cipher.final();
      return concat(sealed, cipher.getAuthTag());
    },
  };
}
