/**
 * What a server of retry configurations is given: one key and certificate that are always the same, so that inputs of fuzzing
 * can be had again, and any other.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { EchRejection } from "../../src/model/ech.ts";
import { Random } from "../fuzz/random.ts";

/** The kind of rejection that is served by us. */
export type RetryRejection = Extract<EchRejection, { kind: "retry" }>;

/** An ECHConfigList, as far as this side looks into it. */
export const RETRY_CONFIGS = Uint8Array.from({ length: 80 }, (_, i) => i);

/** An ECDSA key on P-256 (PKCS #8), made for this. */
const PRIVATE_KEY = Uint8Array.fromHex(
  "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c49f22e8e12fbd4c7975" +
    "67ddd797729b65080773f539c24cddc55d9b277981baa144034200041399da7727ac585afc6f7c70387bf0c67399" +
    "9bbaa8470b20a0576fbe4ceb6be43b9a92c4181ce78bb35689d89acccdec4111cee74323180ceddaff99d840f8ed",
);

/** A self-signed certificate of it, for public.test. */
const CERTIFICATE = Uint8Array.fromHex(
  "308201993082013fa003020102021440c149cc56f5ba87f554162de73607ef15f4c96f300a06082a8648ce3d0403" +
    "0230163114301206035504030c0b7075626c69632e74657374301e170d3236313132333031303432335a170d3336" +
    "313132303031303432335a30163114301206035504030c0b7075626c69632e746573743059301306072a8648ce3d" +
    "020106082a8648ce3d030107034200041399da7727ac585afc6f7c70387bf0c673999bbaa8470b20a0576fbe4ceb" +
    "6be43b9a92c4181ce78bb35689d89acccdec4111cee74323180ceddaff99d840f8eda36b3069301d0603551d0e04" +
    "160414e53587592afc0e7e68ccf38151475f8e82141a2f301f0603551d23041830168014e53587592afc0e7e68cc" +
    "f38151475f8e82141a2f300f0603551d130101ff040530030101ff30160603551d11040f300d820b7075626c6963" +
    "2e74657374300a06082a8648ce3d040302034800304502202fee388233ec7535359e369836fa5eaa0184b4f71758" +
    "6a270c34a75662a9dd9e0221009e08358aad5e8fd787b0a5ff74e1d69b67ec5191eeae28cf394fb78b24cc1b1d",
);

/** A rejection with that key. */
export const RETRY: RetryRejection = {
  kind: "retry",
  retryConfigs: RETRY_CONFIGS,
  certificates: [CERTIFICATE],
  privateKey: PRIVATE_KEY,
  plaintext: null,
};

/** Its public half. */
export const PUBLIC_KEY: KeyObject = publicKeyOf(RETRY);

/** The public half of any rejection's key. */
export function publicKeyOf({ privateKey }: RetryRejection): KeyObject {
  const der = Buffer.from(privateKey);
  return createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

/** A rejection with a certificate and a key in PEM. */
export function rejectionOf(pem: { readonly cert: string; readonly key: string }): RetryRejection {
  return { ...RETRY, certificates: [fromPem(pem.cert)], privateKey: fromPem(pem.key) };
}

/** Bytes that are always the same. ECDSA here adds no chance of its own (RFC 6979), so neither does a handshake. */
export function fixedRandom(seed = 1): (length: number) => Uint8Array {
  const random = new Random(seed);
  return (length) => random.bytes(length);
}

function fromPem(text: string): Uint8Array {
  return Uint8Array.fromBase64(text.replaceAll(/-----[^-]+-----|\s/g, ""));
}
