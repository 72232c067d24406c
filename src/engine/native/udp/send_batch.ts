/**
 * Datagrams that leave through one socket in one system call.
 *
 * @module
 */

import { Arena } from "../sys/arena.ts";
import {
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  ENOBUFS,
  isDatagramTransient,
} from "../sys/errno.ts";
import { IOVEC } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";
import { SEGMENT_SIZE_SPACE, writeSegmentSize } from "./control_messages.ts";
import { type DatagramRun, segmentCount } from "./datagram_run.ts";
import type { DatagramSlots } from "./datagram_slots.ts";
import { CONTROL_WORDS, MessageHeaders, NAME_WORDS } from "./message_headers.ts";

/** Who is told what became of the messages of a batch, by their position in it. Must not touch the batch, nor close its socket. */
export interface SendObserver {
  /** Bytes have left. Called more than once for a message whose datagrams had to leave one by one. */
  onSent(message: number, bytes: number): void;
  /** Datagrams are lost for want of room or as too long for the way, as they might be anywhere in the network. */
  onLost(message: number, datagrams: number): void;
  /** A datagram did not leave, for a reason that the next one will meet as well. */
  onFailed(message: number, errno: number): void;
  /** The way of this message takes no segments. */
  onUnsegmentable(message: number): void;
}

/**
 * Messages in the order in which they leave. Each is a run of datagrams in adjacent slots, or one slot with datagrams
 * that the kernel made into one. The slots have to stay as they are until {@linkcode SendBatch.send} has returned.
 */
export class SendBatch {
  readonly #libc: Libc;
  readonly #slots: DatagramSlots;
  readonly #headers: MessageHeaders;
  readonly #runs: SentRun[];
  readonly #single: SingleDatagram;
  #count = 0;

  constructor(libc: Libc, slots: DatagramSlots, capacity: number) {
    this.#libc = libc;
    this.#slots = slots;
    this.#headers = new MessageHeaders(libc, capacity);
    this.#runs = Array.from({ length: capacity }, () => ({ slot: 0, bytes: 0, size: 0 }));
    this.#single = new SingleDatagram(libc, slots);
  }

  /** Messages in the batch, which is the position of the next one. */
  get count(): number {
    return this.#count;
  }

  /** Where the name of the next message belongs, before it is added: at `count * NAME_WORDS`. */
  get names(): Uint32Array<ArrayBuffer> {
    return this.#headers.names;
  }

  /** Where its control messages belong: at `count * CONTROL_WORDS`. */
  get control(): Uint32Array<ArrayBuffer> {
    return this.#headers.control;
  }

  /**
   * Adds a message. The lengths of its slots must be set.
   *
   * @param slotCount how many slots it is in
   * @param nameBytes how long its name is; 0 on a connected socket
   * @param controlBytes how long its control messages are
   */
  add(
    slot: number,
    slotCount: number,
    run: DatagramRun,
    nameBytes: number,
    controlBytes: number,
  ): void {
    const index = this.#count++;
    const kept = this.#runs[index];
    if (kept === undefined) throw new RangeError("the batch is full");
    kept.slot = slot;
    kept.bytes = run.bytes;
    kept.size = run.size;
    let control = controlBytes;
    if (run.count > 1) {
      const start = index * CONTROL_WORDS + controlBytes / 4;
      control += writeSegmentSize(this.#headers.control, start, run.size);
    }
    this.#headers.setData(index, this.#slots.iovecs, slot * IOVEC.size, slotCount);
    this.#headers.setLengths(index, nameBytes, control);
  }

  /** Sends all messages through a socket, and empties the batch. */
  send(fd: number, observer: SendObserver): void {
    try {
      for (let index = 0; index < this.#count;) index = this.#sendFrom(fd, index, observer);
    } finally {
      this.#count = 0;
    }
  }

  /** Sends as many messages as will go, from one on. Returns the one to go on with. */
  #sendFrom(fd: number, index: number, observer: SendObserver): number {
    const sent = this.#libc.sendmmsg(fd, this.#headers.from(index), this.#count - index, 0);
    if (sent < 0) return this.#pass(fd, index, -sent, observer); // the first of them failed
    for (const end = index + sent; index < end; index++) {
      observer.onSent(index, this.#runs[index]?.bytes ?? 0);
    }
    return index;
  }

  /** Deals with a message that did not leave. Returns the one to go on with. */
  #pass(fd: number, index: number, errno: number, observer: SendObserver): number {
    const run = this.#runs[index];
    if (run === undefined || errno === EINTR) return index;
    const isSegmented = run.bytes > run.size;
    if (isSegmented && isSegmentRefusal(errno)) {
      observer.onUnsegmentable(index);
      this.#sendEach(fd, index, run, observer);
    } else if (errno === EAGAIN || errno === ENOBUFS) {
      // The socket is full, so the rest would fare no better.
      for (; index < this.#count; index++) observer.onLost(index, datagramCount(this.#runs[index]));
      return index;
    } else if (isDatagramTransient(errno)) {
      observer.onLost(index, datagramCount(run));
    } else observer.onFailed(index, errno);
    return index + 1;
  }

  /** Sends the datagrams of a message one by one. */
  #sendEach(fd: number, index: number, run: SentRun, observer: SendObserver): void {
    const { size } = run;
    this.#single.address(this.#headers, index);
    let slot = run.slot;
    let start = 0;
    for (let left = run.bytes; left > 0;) {
      const length = Math.min(size, left);
      const result = this.#single.send(fd, slot, start, length);
      if (result >= 0) observer.onSent(index, length);
      else if (isDatagramTransient(-result)) observer.onLost(index, 1);
      else observer.onFailed(index, -result);
      left -= length;
      start += length;
      if (start < this.#slots.length(slot)) continue;
      slot++;
      start = 0;
    }
  }
}

/** What {@linkcode SendBatch} keeps of a message. */
interface SentRun {
  slot: number;
  bytes: number;
  size: number;
}

/** A message of one datagram, anywhere in a slot. */
class SingleDatagram {
  readonly #libc: Libc;
  readonly #slots: DatagramSlots;
  readonly #headers: MessageHeaders;
  readonly #iovec: Arena;

  constructor(libc: Libc, slots: DatagramSlots) {
    this.#libc = libc;
    this.#slots = slots;
    this.#headers = new MessageHeaders(libc, 1);
    this.#iovec = new Arena(libc, IOVEC.size);
    this.#headers.setData(0, this.#iovec, 0, 1);
  }

  /** Takes on the name and the control messages of another message, but for the size of its segments. */
  address(headers: MessageHeaders, index: number): void {
    const name = index * NAME_WORDS;
    this.#headers.names.set(headers.names.subarray(name, name + NAME_WORDS));
    const control = index * CONTROL_WORDS;
    this.#headers.control.set(headers.control.subarray(control, control + CONTROL_WORDS));
    // The size of the segments is the last of them.
    const bytes = headers.controlLength(index) - SEGMENT_SIZE_SPACE;
    this.#headers.setLengths(0, headers.nameLength(index), bytes);
  }

  send(fd: number, slot: number, start: number, length: number): number {
    this.#slots.pointAt(slot, start, IOVEC.base, this.#iovec);
    this.#iovec.view.setUint32(IOVEC.length, length, true);
    return this.#libc.sendmmsg(fd, this.#headers.from(0), 1, 0);
  }
}

/** Whether the kernel refused a message for its segments: larger than the way takes, or no checksum offload on it. */
function isSegmentRefusal(errno: number): boolean {
  return errno === EINVAL || errno === EMSGSIZE || errno === EIO;
}

function datagramCount(run: SentRun | undefined): number {
  return run === undefined || run.bytes === 0 ? 1 : segmentCount(run.bytes, run.size);
}
