/**
 * The headers of many datagrams, as `recvmmsg` and `sendmmsg` take them.
 *
 * @module
 */

import { Arena } from "../sys/arena.ts";
import { MMSGHDR, MSGHDR } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";

/** Words for the address of the other side: a `sockaddr_in6` has 7. */
export const NAME_WORDS = 8;

/** Words for control messages: a local address and the size of segments take 64 bytes at most. */
export const CONTROL_WORDS = 16;

/** An array of `struct mmsghdr`, each with room for a name and for control messages. */
export class MessageHeaders {
  readonly count: number;
  /** The name of message `i` begins at `i * NAME_WORDS`. */
  readonly names: Uint32Array<ArrayBuffer>;
  /** The control messages of message `i` begin at `i * CONTROL_WORDS`. */
  readonly control: Uint32Array<ArrayBuffer>;
  readonly #headers: Arena;
  readonly #views: readonly Uint8Array<ArrayBuffer>[];

  constructor(libc: Libc, count: number) {
    this.count = count;
    const names = new Arena(libc, count * NAME_WORDS * 4);
    const control = new Arena(libc, count * CONTROL_WORDS * 4);
    this.names = new Uint32Array(names.bytes.buffer);
    this.control = new Uint32Array(control.bytes.buffer);
    this.#headers = new Arena(libc, count * MMSGHDR.size);
    for (let index = 0; index < count; index++) {
      const header = index * MMSGHDR.size;
      this.#headers.setPointer(header + MSGHDR.name, index * NAME_WORDS * 4, names);
      this.#headers.setPointer(header + MSGHDR.control, index * CONTROL_WORDS * 4, control);
    }
    const { buffer } = this.#headers.bytes;
    this.#views = Array.from({ length: count }, (_, i) => new Uint8Array(buffer, i * MMSGHDR.size));
  }

  /** The headers from one on, for a system call. */
  from(index: number): Uint8Array<ArrayBuffer> {
    const view = this.#views[index];
    if (view === undefined) throw new RangeError(`there is no message ${index}`);
    return view;
  }

  /** Where the bytes of a message are: in `count` adjacent `iovec`s of an arena, the first one at an offset. */
  setData(index: number, iovecs: Arena, offset: number, count: number): void {
    const header = index * MMSGHDR.size;
    this.#headers.setPointer(header + MSGHDR.iov, offset, iovecs);
    this.#headers.view.setUint32(header + MSGHDR.iovLength, count, true);
  }

  /** How many bytes of a name and of control messages there are, or may be written; 0 = none. */
  setLengths(index: number, name: number, control: number): void {
    const header = index * MMSGHDR.size;
    this.#headers.view.setUint32(header + MSGHDR.nameLength, name, true);
    this.#headers.view.setUint32(header + MSGHDR.controlLength, control, true);
  }

  nameLength(index: number): number {
    return this.#field(index, MSGHDR.nameLength);
  }

  controlLength(index: number): number {
    return this.#field(index, MSGHDR.controlLength);
  }

  /** `MSG_TRUNC` and its like, as the kernel wrote them. */
  flags(index: number): number {
    return this.#field(index, MSGHDR.flags);
  }

  /** Bytes that were received. */
  length(index: number): number {
    return this.#field(index, MMSGHDR.length);
  }

  #field(index: number, offset: number): number {
    return this.#headers.view.getUint32(index * MMSGHDR.size + offset, true);
  }
}
