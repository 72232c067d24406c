/**
 * The replies that leave through the socket of one UDP port.
 *
 * @module
 */

import { UDP_REPLY_BATCH, UDP_REPLY_SLOTS } from "../../../model/limits.ts";
import type { Libc } from "../sys/libc.ts";
import { DatagramRun } from "./datagram_run.ts";
import type { PendingReplies, ReplyArena } from "./reply_arena.ts";
import { SendBatch, type SendObserver } from "./send_batch.ts";
import type { SessionKeys } from "./session_key.ts";

/** Whose replies they are. */
export interface ReplyingSession {
  /** Who gets the replies, and from which address: see {@linkcode SessionKeys}. */
  readonly key: Uint32Array;
  /** Whether replies may leave as segments of one send. */
  takesReplySegments: boolean;
  /** Called for each datagram, from `start` to before `end` of the bytes, when it has come from the target. */
  observe(bytes: Uint8Array, start: number, end: number): void;
  onReplied(bytes: number): void;
  /** Must not end the session at once. */
  onReplyFailed(errno: number): void;
  onReplyLost(datagrams: number): void;
}

/** How the socket of a port sends. */
export interface ReplySocket {
  readonly fd: number;
  readonly keys: SessionKeys;
  /** Whether the local address must be said, as the socket has more than one. */
  readonly hasManyAddresses: boolean;
}

/** Queues replies where they were received, and sends those of all sessions in one system call. */
export class ReplyQueue implements PendingReplies, SendObserver {
  readonly #arena: ReplyArena;
  readonly #socket: ReplySocket;
  readonly #batch: SendBatch;
  /** By message of the batch. */
  readonly #sessions: (ReplyingSession | null)[] = Array(UDP_REPLY_SLOTS).fill(null);
  readonly #run = new DatagramRun();

  constructor(libc: Libc, arena: ReplyArena, socket: ReplySocket) {
    this.#arena = arena;
    this.#socket = socket;
    this.#batch = new SendBatch(libc, arena.slots, UDP_REPLY_SLOTS);
  }

  /**
   * Receives one reply from the target's side of a session, and queues it.
   *
   * @returns its length, or the negated errno
   */
  receiveOne(session: ReplyingSession, fd: number): number {
    this.#arena.reserve(1);
    const slot = this.#arena.next;
    const length = this.#arena.receiveOne(fd, this);
    if (length < 0) return length;
    this.#arena.slots.setLength(slot, length);
    session.observe(this.#arena.slots.view(slot), 0, length);
    this.#run.start(length);
    this.#add(session, slot, 1);
    return length;
  }

  /**
   * Receives a batch of replies, each of which may be several that the kernel has joined, and queues them.
   *
   * @returns how many, or the negated errno
   */
  receiveMany(session: ReplyingSession, fd: number): number {
    this.#arena.reserve(UDP_REPLY_BATCH);
    const first = this.#arena.next;
    const count = this.#arena.receiveMany(fd, this);
    const end = first + count;
    for (let slot = first; slot < end; slot++) this.#show(session, slot);
    for (let slot = first; slot < end;) slot += this.#queue(session, slot, end);
    return count;
  }

  /** Queues a copy of a reply that comes from nowhere but the proxy. */
  add(session: ReplyingSession, data: Uint8Array): void {
    this.#arena.reserve(1);
    const slot = this.#arena.next;
    this.#arena.fill(data, this);
    this.#run.start(data.length);
    this.#add(session, slot, 1);
  }

  /** Sends what is queued. */
  flush(): void {
    const { count } = this.#batch;
    if (count === 0) return;
    this.#batch.send(this.#socket.fd, this);
    this.#sessions.fill(null, 0, count);
  }

  /** Makes sure that nothing of a session waits any more. */
  settle(session: ReplyingSession): void {
    if (this.#batch.count > 0 && this.#sessions.includes(session)) this.#arena.flush();
  }

  /** Shows the session what is in a slot. */
  #show(session: ReplyingSession, slot: number): void {
    const { slots, received } = this.#arena;
    const view = slots.view(slot);
    const length = received.length(slot);
    const size = received.segmentSize(slot) || length;
    for (let start = 0; start < length; start += size) {
      session.observe(view, start, Math.min(start + size, length));
    }
  }

  /** Queues what is in a slot, together with those behind it that can leave with it; returns how many slots that are. */
  #queue(session: ReplyingSession, first: number, end: number): number {
    const { slots, received } = this.#arena;
    const run = this.#run;
    const segmentSize = received.segmentSize(first);
    const length = received.length(first);
    slots.setLength(first, length);
    let next = first + 1;
    if (segmentSize > 0) run.startJoined(length, segmentSize);
    else {
      run.start(length);
      for (; next < end && session.takesReplySegments; next++) {
        if (received.segmentSize(next) > 0 || !run.add(received.length(next))) break;
        slots.setLength(next, received.length(next));
      }
    }
    this.#add(session, first, next - first);
    return next - first;
  }

  #add(session: ReplyingSession, slot: number, slotCount: number): void {
    const { keys, hasManyAddresses } = this.#socket;
    const batch = this.#batch;
    const message = batch.count;
    keys.writeName(session.key, batch.names, message);
    const control = hasManyAddresses ? keys.writeLocal(session.key, batch.control, message) : 0;
    this.#sessions[message] = session;
    batch.add(slot, slotCount, this.#run, keys.nameBytes, control);
  }

  onSent(message: number, bytes: number): void {
    this.#sessions[message]?.onReplied(bytes);
  }

  onLost(message: number, datagrams: number): void {
    this.#sessions[message]?.onReplyLost(datagrams);
  }

  onFailed(message: number, errno: number): void {
    this.#sessions[message]?.onReplyFailed(errno);
  }

  onUnsegmentable(message: number): void {
    const session = this.#sessions[message];
    if (session) session.takesReplySegments = false;
  }
}
