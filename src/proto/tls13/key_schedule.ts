/**
 * The key schedule of TLS 1.3 (RFC 8446 §7), without pre-shared keys.
 *
 * @module
 */

import { createHash, createHmac } from "node:crypto";
import type { SuiteHash } from "./cipher_suites.ts";

/** Secrets of the two directions. */
export interface TrafficSecrets {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** The secrets of the handshake, and the one that those of application data follow from. */
export interface HandshakeSecrets extends TrafficSecrets {
  readonly master: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The secrets by which the handshake is sealed.
 *
 * @param sharedSecret what the key exchange gave
 * @param transcriptHash of the messages from the first hello to the ServerHello
 */
export function deriveHandshakeSecrets(
  hash: SuiteHash,
  sharedSecret: Uint8Array,
  transcriptHash: Uint8Array,
): HandshakeSecrets {
  const secret = hmac(hash, FROM_EARLY_SECRET[hash], sharedSecret);
  return {
    client: expandLabel(hash, secret, "c hs traffic", transcriptHash, transcriptHash.length),
    server: expandLabel(hash, secret, "s hs traffic", transcriptHash, transcriptHash.length),
    master: hmac(hash, derivedFrom(hash, secret), zeros(hash)),
  };
}

/** The secrets of application data. `transcriptHash` is that of the messages up to the server's Finished. */
export function deriveApplicationSecrets(
  hash: SuiteHash,
  master: Uint8Array,
  transcriptHash: Uint8Array,
): TrafficSecrets {
  return {
    client: expandLabel(hash, master, "c ap traffic", transcriptHash, transcriptHash.length),
    server: expandLabel(hash, master, "s ap traffic", transcriptHash, transcriptHash.length),
  };
}

/** The secret that takes the place of another after a KeyUpdate (RFC 8446 §7.2). */
export function nextTrafficSecret(hash: SuiteHash, secret: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, "traffic upd", NO_BYTES, secret.length);
}

/** `verify_data` of a Finished by the holder of a handshake secret (RFC 8446 §4.4.4). */
export function finishedMac(
  hash: SuiteHash,
  handshakeSecret: Uint8Array,
  transcriptHash: Uint8Array,
): Uint8Array {
  const key = expandLabel(hash, handshakeSecret, "finished", NO_BYTES, handshakeSecret.length);
  return hmac(hash, key, transcriptHash);
}

/** HKDF-Expand-Label (RFC 8446 §7.1), for outputs no longer than the hash: TLS has none that is. */
export function expandLabel(
  hash: SuiteHash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const FIRST_BLOCK = 1; // of HKDF-Expand (RFC 5869 §2.3)
  const info = Uint8Array.of(length >> 8, length, name.length, ...name, context.length, ...context);
  const block = createHmac(hash, secret).update(info).update(Uint8Array.of(FIRST_BLOCK)).digest();
  return new Uint8Array(block.subarray(0, length));
}

/** The salt of the handshake secret, always the same where there is no pre-shared key. */
const FROM_EARLY_SECRET: { readonly [Hash in SuiteHash]: Uint8Array } = {
  sha256: fromEarlySecret("sha256"),
  sha384: fromEarlySecret("sha384"),
};

function fromEarlySecret(hash: SuiteHash): Uint8Array {
  return derivedFrom(hash, hmac(hash, zeros(hash), zeros(hash)));
}

/** `Derive-Secret(., "derived", "")`. */
function derivedFrom(hash: SuiteHash, secret: Uint8Array): Uint8Array {
  const hashOfNothing = createHash(hash).digest();
  return expandLabel(hash, secret, "derived", hashOfNothing, hashOfNothing.length);
}

/** HKDF-Extract is HMAC with the salt as its key (RFC 5869 §2.2). */
function hmac(hash: SuiteHash, key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(hash, key).update(data).digest());
}

function zeros(hash: SuiteHash): Uint8Array {
  return new Uint8Array(hash === "sha256" ? 32 : 48);
}
