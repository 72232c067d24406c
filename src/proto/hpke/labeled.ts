/**
 * The key derivation of HPKE (RFC 9180 §4): HKDF whose inputs say what they are for.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { concat } from "../bytes.ts";
import type { HpkeKdf } from "./suites.ts";

const VERSION = ascii("HPKE-v1");
const NO_BYTES = new Uint8Array(0);

/** LabeledExtract: a pseudo-random key as long as the hash. */
export function labeledExtract(
  kdf: HpkeKdf,
  suiteId: Uint8Array,
  salt: Uint8Array,
  label: Uint8Array,
  ikm: Uint8Array = NO_BYTES,
): Uint8Array {
  return createHmac(kdf.hash, salt).update(concat(VERSION, suiteId, label, ikm)).digest();
}

/** LabeledExpand: as many bytes as one is asked for, at most 255 hashes of them. */
export function labeledExpand(
  kdf: HpkeKdf,
  suiteId: Uint8Array,
  prk: Uint8Array,
  label: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeledInfo = concat(
    Uint8Array.of(length >> 8, length),
    VERSION,
    suiteId,
    label,
    info,
  );
  const output = new Uint8Array(length);
  let block: Uint8Array = NO_BYTES;
  let filled = 0;
  for (let counter = 1; filled < length; counter++) {
    // In one piece: each piece more costs as much as half a hash.
    const message = concat(block, labeledInfo, Uint8Array.of(counter));
    block = createHmac(kdf.hash, prk).update(message).digest();
    output.set(block.subarray(0, length - filled), filled);
    filled += block.length;
  }
  return output;
}

/** A label as bytes. */
export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
