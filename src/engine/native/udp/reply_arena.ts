/**
 * The replies of all UDP sessions of a worker, on their way through one turn.
 *
 * @module
 */

import { UDP_REPLY_BATCH, UDP_REPLY_SLOTS } from "../../../model/limits.ts";
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
  readonly #turnEnd: TaskQueue;
  readonly #pending: PendingReplies[] = [];
  #used = 0;
  #isAwaited = false;

  constructor(libc: Libc, turnEnd: TaskQueue) {
    this.#turnEnd = turnEnd;
    this.slots = new DatagramSlots(libc, UDP_REPLY_SLOTS);
    this.received = new ReceiveHeaders(libc, this.slots);
  }

  /** The slot that {@linkcode ReplyArena.receive} fills first, once {@linkcode ReplyArena.reserve} was called. */
  get next(): number {
    return this.#used;
  }

  /** Makes sure of room for a batch. */
  reserve(): void {
    if (this.slots.count - this.#used < UDP_REPLY_BATCH) this.flush();
  }

  /**
   * Receives up to `UDP_REPLY_BATCH` datagrams. They stay in their slots until `replies`, which gets them next, is
   * flushed.
   *
   * @returns how many, or the negated errno
   */
  receive(fd: number, replies: PendingReplies): number {
    const count = this.received.receive(fd, this.#used, UDP_REPLY_BATCH);
    if (count <= 0) return count;
    this.#used += count;
    if (!this.#pending.includes(replies)) this.#pending.push(replies);
    if (!this.#isAwaited) {
      this.#isAwaited = true;
      this.#turnEnd.later(this);
    }
    return count;
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
}
