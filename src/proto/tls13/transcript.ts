/**
 * The transcript hash of a handshake (RFC 8446 §4.4.1).
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { SuiteHash } from "./cipher_suites.ts";
import { handshakeMessage } from "../tls/encode.ts";

/** Stands for the first hello once a HelloRetryRequest has answered it. */
const MESSAGE_HASH = 254;

/** Hashes handshake messages in the order in which they are sent and received. */
export class Transcript {
  readonly #algorithm: SuiteHash;
  #hash;

  constructor(algorithm: SuiteHash) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Takes in a message, header included. */
  add(message: Uint8Array): void {
    this.#hash.update(message);
  }

  /** Puts the hash of the first hello in its place, which must be all that was added. */
  foldFirstHello(): void {
    const folded = handshakeMessage(MESSAGE_HASH, this.current());
    this.#hash = createHash(this.#algorithm);
    this.#hash.update(folded);
  }

  /** The hash of all messages so far. */
  current(): Uint8Array {
    return new Uint8Array(this.#hash.copy().digest());
  }
}
