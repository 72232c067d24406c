/**
 * Sends the datagrams of one session in one direction.
 *
 * @module
 */

import { MAX_QUEUED_DATAGRAM_BYTES, MAX_QUEUED_DATAGRAMS } from "../../model/limits.ts";
import type { DatagramSlots } from "./datagram_slots.ts";

/** What a {@linkcode DatagramSender} is made of. */
export interface DatagramSenderOptions {
  readonly slots: DatagramSlots;
  readonly transmit: (data: Uint8Array) => Promise<number>;
  readonly onSent: (bytes: number) => void;
  /** Called once for a datagram that found no room. */
  readonly onLost: () => void;
  /** Called once for a datagram that could not be sent. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the order and makes nobody wait: one send is under way, some datagrams are queued, the rest are dropped, as a
 * full socket buffer would drop them.
 */
export class DatagramSender {
  readonly #options: DatagramSenderOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #busy = false;

  constructor(options: DatagramSenderOptions) {
    this.#options = options;
  }

  /**
   * Sends, queues or drops a datagram. `slot` is the lent buffer that `data` is a part of.
   *
   * @returns whether the slot was kept, to be given back after the send
   */
  send(data: Uint8Array, slot: Uint8Array): boolean {
    if (!this.#busy) {
      this.#run(data, slot);
      return true;
    }
    this.#enqueue(data);
    return false;
  }

  /** Sends, queues or drops a datagram that is in nobody else's hands. */
  sendOwned(data: Uint8Array): void {
    if (this.#busy) this.#enqueue(data);
    else this.#run(data, null);
  }

  /** Drops what is queued. */
  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #enqueue(data: Uint8Array): void {
    const isFull = this.#queue.length >= MAX_QUEUED_DATAGRAMS ||
      this.#queuedBytes + data.length > MAX_QUEUED_DATAGRAM_BYTES;
    if (isFull) return this.#options.onLost();
    this.#queue.push(data.slice());
    this.#queuedBytes += data.length;
  }

  async #run(data: Uint8Array, slot: Uint8Array | null): Promise<void> {
    const { slots } = this.#options;
    this.#busy = true;
    await this.#transmit(data);
    if (slot !== null) slots.give(slot);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#queuedBytes -= next.length;
      await this.#transmit(next);
    }
    this.#busy = false;
  }

  async #transmit(data: Uint8Array): Promise<void> {
    try {
      await this.#options.transmit(data);
      this.#options.onSent(data.length);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
