/**
 * The certificate that a server shows, and the key that it proves it with.
 *
 * @module
 */

import {
  constants,
  createPrivateKey,
  type KeyObject,
  type PrivateKeyInput,
  sign,
} from "node:crypto";
import type { EchRejection } from "../../model/ech.ts";
import { concat } from "../bytes.ts";
import { handshakeMessage, vector16, vector24, vector8 } from "../tls/encode.ts";

/** Where a certificate and its key come from. */
export type CertificateSource = Pick<
  Extract<EchRejection, { kind: "retry" }>,
  "certificates" | "privateKey"
>;

const CERTIFICATE = 11;
const CERTIFICATE_VERIFY = 15;

/** SignatureScheme (RFC 8446 §4.2.3) with the hash of each. */
const ECDSA_SCHEMES: ReadonlyMap<number, string> = new Map([[0x0403, "sha256"]]);
const RSA_SCHEMES: ReadonlyMap<number, string> = new Map([
  [0x0804, "sha256"],
  [0x0805, "sha384"],
  [0x0806, "sha512"],
]);

/** What is signed begins with (RFC 8446 §4.4.3). */
const SIGNED_PREFIX = new TextEncoder().encode(
  `${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`,
);

/** A certificate ready for use: its key is imported and its message encoded once. */
export class CertificateKey {
  /** The Certificate message (RFC 8446 §4.4.2), without extensions. */
  readonly message: Uint8Array;
  readonly #key: KeyObject;
  readonly #isRsa: boolean;
  readonly #schemes: ReadonlyMap<number, string>;

  private constructor({ certificates, privateKey }: CertificateSource) {
    // Any byte array will do; the types of node:crypto know of its own kind only.
    const der = privateKey as PrivateKeyInput["key"];
    this.#key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    this.#isRsa = this.#key.asymmetricKeyType === "rsa";
    this.#schemes = this.#isRsa ? RSA_SCHEMES : ECDSA_SCHEMES;
    const NO_CONTEXT = vector8();
    const NO_EXTENSIONS = vector16();
    const entries = certificates.map((certificate) => concat(vector24(certificate), NO_EXTENSIONS));
    this.message = handshakeMessage(CERTIFICATE, NO_CONTEXT, vector24(...entries));
  }

  /** That of a source, made at its first use: importing an RSA key costs more than a handshake. */
  static of(source: CertificateSource): CertificateKey {
    let made = known.get(source);
    if (made === undefined) {
      made = new CertificateKey(source);
      known.set(source, made);
    }
    return made;
  }

  /** The best of our signature schemes that is among the client's; null where none is. */
  chooseScheme(offered: readonly number[]): number | null {
    for (const scheme of this.#schemes.keys()) if (offered.includes(scheme)) return scheme;
    return null;
  }

  /** The CertificateVerify message (RFC 8446 §4.4.3) over a transcript, by a scheme that was chosen. */
  verify(scheme: number, transcriptHash: Uint8Array): Uint8Array {
    const hash = this.#schemes.get(scheme);
    if (hash === undefined) throw new RangeError(`No key for signature scheme ${scheme}`);
    const key = this.#isRsa
      ? {
        key: this.#key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
      : this.#key;
    const signature = sign(hash, concat(SIGNED_PREFIX, transcriptHash), key);
    const schemeBytes = Uint8Array.of(scheme >> 8, scheme);
    return handshakeMessage(CERTIFICATE_VERIFY, schemeBytes, vector16(signature));
  }
}

const known = new WeakMap<CertificateSource, CertificateKey>();
