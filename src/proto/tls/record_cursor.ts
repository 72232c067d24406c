/**
 * Goes along records (RFC 8446 §5.1) that come in pieces.
 *
 * @module
 */

import { RECORD_HEADER } from "./record_layer.ts";

/** Where a stream of records has come to. Holds the header of one record, and no payload. */
export class RecordCursor {
  readonly #header = new Uint8Array(RECORD_HEADER);
  #headerLength = 0;
  #left = 0;

  /** Whether the next byte is one of a header, be it the first. */
  get isInHeader(): boolean {
    return this.#headerLength < RECORD_HEADER;
  }

  /** The header, as far as it has come; empty between two records. Valid until the cursor moves. */
  get header(): Uint8Array {
    return this.#header.subarray(0, this.#headerLength);
  }

  /** ContentType of the record, once its header is whole. */
  get type(): number {
    return this.#header[0] ?? 0;
  }

  /** Version of the record, which means nothing, likewise. */
  get version(): number {
    return (this.#header[1] ?? 0) << 8 | (this.#header[2] ?? 0);
  }

  /** Bytes of the payload that are yet to come, likewise. */
  get left(): number {
    return this.#left;
  }

  /** Takes bytes of a header from `start` on. Returns where the others begin. */
  takeHeader(bytes: Uint8Array, start: number): number {
    const piece = bytes.subarray(start, start + RECORD_HEADER - this.#headerLength);
    this.#header.set(piece, this.#headerLength);
    this.#headerLength += piece.length;
    this.#left = (this.#header[3] ?? 0) << 8 | (this.#header[4] ?? 0);
    return start + piece.length;
  }

  /** Goes over bytes of the payload, as many as are left at most; to be called with 0 where it is empty. */
  skip(count: number): void {
    this.#left -= count;
    if (this.#left === 0) this.#headerLength = 0;
  }
}
