/**
 * Puts handshake messages together that datagrams carry in pieces: CRYPTO frames of QUIC (RFC 9000 §19.6), fragments of
 * DTLS (RFC 6347 §4.2.3).
 *
 * @module
 */

import { MAX_CLIENT_HELLO, MAX_CRYPTO_SEGMENTS } from "../../model/limits.ts";
import type { MalformedCode } from "../../model/verdict.ts";

/** Bytes at an offset of the stream. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Room for pieces, which the streams of one flow may share. */
export class SegmentRoom {
  #left = MAX_CRYPTO_SEGMENTS;

  /** Takes room for one piece. Tells whether there was any. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}

/**
 * The start of a stream of handshake bytes, from pieces in any order, repeated or overlapping. Keeps views of the pieces
 * and copies nothing until it is read, so what it holds is bounded by what has arrived, wherever the offsets point.
 */
export class HandshakeStream {
  readonly #room: SegmentRoom;
  /** In order, without overlaps. */
  readonly #segments: Segment[] = [];
  /** How many of the first segments follow each other from offset 0 without a gap, and where they end. */
  #leading = 0;
  #available = 0;

  /** @param room left out: room of its own */
  constructor(room: SegmentRoom = new SegmentRoom()) {
    this.#room = room;
  }

  /** How many bytes there are from offset 0 to the first gap. */
  get available(): number {
    return this.#available;
  }

  /**
   * Takes in one piece. A byte that comes again must be the same: data at an offset must not change (RFC 9000 §2.2), and
   * a proxy that chose between two contents could choose another server name than the backend does.
   */
  insert(offset: number, bytes: Uint8Array): MalformedCode | null {
    const end = offset + bytes.length;
    if (end > MAX_CLIENT_HELLO) return "too_long";
    let index = this.#firstEndingAfter(offset);
    let position = offset;
    while (position < end) {
      const next = this.#segments[index];
      const gapEnd = next === undefined ? end : Math.min(end, next.start);
      if (position < gapEnd) {
        if (!this.#room.take()) return "too_long";
        const piece = bytes.subarray(position - offset, gapEnd - offset);
        this.#segments.splice(index, 0, { start: position, end: gapEnd, bytes: piece });
        position = gapEnd;
      } else if (next !== undefined) {
        const overlapEnd = Math.min(end, next.end);
        for (; position < overlapEnd; position++) {
          if (bytes[position - offset] !== next.bytes[position - next.start]) return "bad_value";
        }
      }
      index++;
    }
    this.#extendLeading();
    return null;
  }

  /** The first `length` bytes, which must be available: a view where they came in one piece, else a copy. */
  read(length: number): Uint8Array {
    const first = this.#segments[0];
    if (first !== undefined && first.end >= length) return first.bytes.subarray(0, length);
    const whole = new Uint8Array(length);
    for (const { start, bytes } of this.#segments) {
      if (start >= length) break;
      whole.set(bytes.subarray(0, length - start), start);
    }
    return whole;
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = low + high >> 1;
      if ((this.#segments[middle]?.end ?? Infinity) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #extendLeading(): void {
    for (;;) {
      const next = this.#segments[this.#leading];
      if (next === undefined || next.start !== this.#available) return;
      this.#available = next.end;
      this.#leading++;
    }
  }
}
