/**
 * Which datagrams one send can carry.
 *
 * @module
 */

import { MAX_SEGMENTED_BYTES, MAX_SEGMENTS } from "../../../model/limits.ts";

/**
 * Datagrams of one direction of one session, in the order in which they came, that the kernel can cut out of one send
 * again (UDP_SEGMENT): all of one size, but for the last, which may be shorter. So their borders are kept.
 */
export class DatagramRun {
  /** Datagrams in the run. */
  count = 0;
  /** The size of each, but for the last. */
  size = 0;
  /** All of them together. */
  bytes = 0;

  /** Begins a run with one datagram. */
  start(length: number): void {
    this.count = 1;
    this.size = length;
    this.bytes = length;
  }

  /** Takes over what the kernel has made into one already (UDP_GRO). */
  startJoined(bytes: number, size: number): void {
    this.count = segmentCount(bytes, size);
    this.size = size;
    this.bytes = bytes;
  }

  /** Adds the next datagram if the run can take it; tells whether it did. */
  add(length: number): boolean {
    // A datagram without a byte could not be cut out again, and a shorter one before this was the last.
    if (length === 0 || length > this.size || this.bytes !== this.count * this.size) return false;
    if (this.count === MAX_SEGMENTS || this.bytes + length > MAX_SEGMENTED_BYTES) return false;
    this.count++;
    this.bytes += length;
    return true;
  }
}

/** How many datagrams of `size` the kernel made into one of `bytes`, or cuts out of it. */
export function segmentCount(bytes: number, size: number): number {
  return Math.ceil(bytes / size);
}
