/**
 * Tells whether the first message of a server is a HelloRetryRequest (RFC 8446 §4.1.4).
 *
 * @module
 */

import { RecordCursor } from "../tls/record_cursor.ts";
import { CONTENT } from "../tls/record_layer.ts";
import { RETRY_REQUEST_RANDOM, SERVER_HELLO_TYPE } from "../tls/server_hello.ts";

/** Where the random begins: behind type, length and version. */
const RANDOM_START = 6;
const RANDOM_END = RANDOM_START + RETRY_REQUEST_RANDOM.length;

/** Reads a server's bytes as they come, to the end of its first random and no further. */
export class RetryRequestSearch {
  readonly #records = new RecordCursor();
  /** Handshake bytes that were looked at. */
  #count = 0;
  #result: "unknown" | "found" | "none" = "unknown";

  /** `none`: it is another ServerHello, or nothing that a handshake begins with. */
  get result(): "unknown" | "found" | "none" {
    return this.#result;
  }

  /** Takes what the server sends next. */
  push(bytes: Uint8Array): void {
    const records = this.#records;
    for (let position = 0; position < bytes.length && this.#result === "unknown";) {
      if (records.isInHeader) {
        position = records.takeHeader(bytes, position);
        if (records.isInHeader) return;
        if (!isInHandshake(records.type)) this.#result = "none";
      }
      const piece = bytes.subarray(position, position + records.left);
      if (records.type === CONTENT.handshake) this.#compare(piece);
      position += piece.length;
      records.skip(piece.length);
    }
  }

  #compare(piece: Uint8Array): void {
    for (const byte of piece) {
      const index = this.#count++;
      const isRandom = index >= RANDOM_START;
      if (
        index === 0 && byte !== SERVER_HELLO_TYPE ||
        isRandom && byte !== RETRY_REQUEST_RANDOM[index - RANDOM_START]
      ) {
        this.#result = "none";
        return;
      }
      if (this.#count === RANDOM_END) {
        this.#result = "found";
        return;
      }
    }
  }
}

/** Whether a record may come in a handshake before there are keys; an alert ends it. */
function isInHandshake(type: number): boolean {
  return type === CONTENT.handshake || type === CONTENT.changeCipherSpec;
}
