/**
 * The replies of all UDP sessions of a worker, on their way through one turn.
 *
 * @module
 */

import { MAX_DATAGRAM, UDP_REPLY_BATCH, UDP_REPLY_SLOTS } from "../../../model/limits.ts";
import type { Libc } from "../sys/libc.ts";
import type { Task, TaskQueue } from "../worker_context.ts";
import { DatagramSlots } from "./datagram_slots.ts";
import { ReceiveHeaders } from "./receive_headers.ts";

/** What waits to be sent from the slots of an arena. */
export interface PendingReplies {
  flush(): void;
}

/**
 * Where replies are received and sent from without being copied. They are sent at the end of the turn, or as soon as the
 * slots are used up.
 */
export class ReplyArena implements Task {
  readonly slots: DatagramSlots;
  readonly received: ReceiveHeaders;
  readonly #libc: Libc;
  readonly #turnEnd: TaskQueue;
  readonly #pending: PendingReplies[] = [];
  #used = 0;
  #isAwaited = false;

  constructor(libc: Libc, turnEnd: TaskQueue) {
    this.#libc = libc;
    this.#turnEnd = turnEnd;
    this.slots = new DatagramSlots(libc, UDP_REPLY_SLOTS);
    this.received = new ReceiveHeaders(libc, this.slots);
  }

  /** The slot that is filled next, once there is room. */
  get next(): number {
    return this.#used;
  }

  /** Makes sure of room for so many datagrams. */
  reserve(count: number): void {
    if (this.slots.count - this.#used < count) this.flush();
  }

  /**
   * Receives one datagram, from a socket that the kernel joins none for: a call for one costs less than one for many. It
   * stays in its slot until `replies`, which gets it next, is flushed.
   *
   * @returns its length, or the negated errno
   */
  receiveOne(fd: number, replies: PendingReplies): number {
    const length = this.#libc.recv(fd, this.slots.view(this.#used), MAX_DATAGRAM, 0);
    if (length >= 0) this.#fill(1, replies);
    return length;
  }

  /**
   * Receives up to `UDP_REPLY_BATCH` datagrams in the same way.
   *
   * @returns how many, or the negated errno
   */
  receiveMany(fd: number, replies: PendingReplies): number {
    const count = this.received.receive(fd, this.#used, UDP_REPLY_BATCH);
    if (count > 0) this.#fill(count, replies);
    return count;
  }

  /** Copies a datagram into the next slot, where it stays in the same way. */
  fill(data: Uint8Array, replies: PendingReplies): void {
    this.slots.view(this.#used).set(data);
    this.slots.setLength(this.#used, data.length);
    this.#fill(1, replies);
  }

  /** Sends all that waits, and frees the slots. */
  flush(): void {
    for (const replies of this.#pending) replies.flush();
    this.#pending.length = 0;
    this.received.recycle(this.#used);
    this.#used = 0;
  }

  run(): void {
    this.#isAwaited = false;
    this.flush();
  }

  #fill(count: number, replies: PendingReplies): void {
    this.#used += count;
    if (!this.#pending.includes(replies)) this.#pending.push(replies);
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    this.#turnEnd.later(this);
  }
}
