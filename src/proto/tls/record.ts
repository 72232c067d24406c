/**
 * The records (RFC 8446 §5.1) that carry a client's first handshake message.
 *
 * @module
 */

import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { MALFORMED } from "../malformed.ts";
import { CONTENT, MAX_CONTENT, RECORD_HEADER } from "./record_layer.ts";

/**
 * Finds the handshake bytes in a stream of records, however these cut them. Holds positions, no bytes: each call gets
 * the whole head again, and only what is new is looked at.
 */
export class HandshakeRecords {
  #recordStart = 0;
  /** Payload size of the record at `#recordStart`; 0 while its header is not whole. */
  #recordLength = 0;
  /** Handshake bytes in the records before that. */
  #before = 0;

  /**
   * Null once the first `count` handshake bytes are there, else why not. Looks at no record behind them. A first
   * record that is none is `noMatch`; a later one makes the stream malformed, as nothing may come between the
   * fragments of a message.
   */
  advance(head: Uint8Array, count: number): Verdict<never> | null {
    for (;;) {
      if (this.#recordLength === 0) {
        const fault = this.#readHeader(head);
        if (fault !== null) return fault;
      }
      const payload = this.#recordStart + RECORD_HEADER;
      const present = Math.min(this.#recordLength, head.length - payload);
      if (this.#before + present >= count) return null;
      if (present < this.#recordLength) return NEED_MORE;
      this.#before += this.#recordLength;
      this.#recordStart = payload + this.#recordLength;
      this.#recordLength = 0;
    }
  }

  /** The handshake byte at an offset, after `advance` has found it. For the first few: goes over the records before it. */
  at(head: Uint8Array, offset: number): number {
    let recordStart = 0;
    let index = offset;
    for (;;) {
      const length = fragmentLength(head, recordStart);
      if (index < length) return head[recordStart + RECORD_HEADER + index] ?? 0;
      index -= length;
      recordStart += RECORD_HEADER + length;
    }
  }

  /** The first `count` handshake bytes, after `advance` has found them; a view where one record holds them all. */
  gather(head: Uint8Array, count: number): Uint8Array {
    const first = fragment(head, 0);
    if (first.length >= count) return first.subarray(0, count);
    const message = new Uint8Array(count);
    let start = 0;
    for (let length = 0; length < count;) {
      const bytes = fragment(head, start).subarray(0, count - length);
      message.set(bytes, length);
      length += bytes.length;
      start += RECORD_HEADER + bytes.length;
    }
    return message;
  }

  /** Offset in the head behind the handshake byte number `count`, after `advance` has found it. */
  offsetAfter(count: number): number {
    return this.#recordStart + RECORD_HEADER + count - this.#before;
  }

  /** Whether the record that holds handshake byte number `count`, which `advance` has found last, ends with it. */
  endsWith(count: number): boolean {
    return count - this.#before === this.#recordLength;
  }

  #readHeader(head: Uint8Array): Verdict<never> | null {
    const start = this.#recordStart;
    const isFirst = start === 0;
    const type = head[start];
    const major = head[start + 1];
    // The minor version means nothing: clients write 1 to 3 there, and some nonsense (RFC 8446 §5.1, RFC 5246 §E.1).
    if (
      (type !== undefined && type !== CONTENT.handshake) || (major !== undefined && major !== 3)
    ) {
      return isFirst ? NO_MATCH : MALFORMED.bad_value;
    }
    if (head.length < start + RECORD_HEADER) return NEED_MORE;
    const length = fragmentLength(head, start);
    // Handshake fragments are never empty, and that of a sniffer's first bytes never encrypted.
    if (length === 0 || length > MAX_CONTENT) return isFirst ? NO_MATCH : MALFORMED.bad_length;
    this.#recordLength = length;
    return null;
  }
}

function fragmentLength(head: Uint8Array, recordStart: number): number {
  return (head[recordStart + 3] ?? 0) << 8 | (head[recordStart + 4] ?? 0);
}

function fragment(head: Uint8Array, recordStart: number): Uint8Array {
  const payload = recordStart + RECORD_HEADER;
  return head.subarray(payload, payload + fragmentLength(head, recordStart));
}
