/**
 * Datagrams as they come in.
 *
 * @module
 */

import { MAX_DATAGRAM } from "../../../model/limits.ts";
import { IOVEC } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";
import { readSegmentSize } from "./control_messages.ts";
import type { DatagramSlots } from "./datagram_slots.ts";
import { CONTROL_WORDS, MessageHeaders, NAME_WORDS } from "./message_headers.ts";

/** Headers for as many datagrams as there are slots: message `i` is in slot `i`. */
export class ReceiveHeaders extends MessageHeaders {
  readonly #libc: Libc;
  readonly #slots: DatagramSlots;

  constructor(libc: Libc, slots: DatagramSlots) {
    super(libc, slots.count);
    this.#libc = libc;
    this.#slots = slots;
    for (let index = 0; index < this.count; index++) {
      this.setData(index, slots.iovecs, index * IOVEC.size, 1);
    }
    this.recycle(this.count);
  }

  /**
   * Receives into up to `count` slots from `first` on, which must have been recycled since they were filled.
   *
   * @returns how many, or the negated errno
   */
  receive(fd: number, first: number, count: number): number {
    return this.#libc.recvmmsg(fd, this.from(first), count, 0);
  }

  /** The size of the datagrams that the kernel made into a message; 0 where it is a single one. */
  segmentSize(index: number): number {
    const controlLength = this.controlLength(index);
    if (controlLength === 0) return 0;
    const size = readSegmentSize(this.control, index * CONTROL_WORDS, controlLength);
    return size < this.length(index) ? size : 0;
  }

  /** Makes the first `count` messages fit to receive into again. */
  recycle(count: number): void {
    for (let index = 0; index < count; index++) {
      this.setLengths(index, NAME_WORDS * 4, CONTROL_WORDS * 4);
      this.#slots.setLength(index, MAX_DATAGRAM);
    }
  }
}
