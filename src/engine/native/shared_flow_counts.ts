/**
 * Flows that are open over all workers, and the notices about their limits: one limit for all, told of once.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../../model/limits.ts";
import type { Transport } from "../../model/protocol.ts";
import type { EngineEvents } from "../engine.ts";
import { limitReached } from "../limit_notice.ts";
import type { SharedFlowCounts } from "./worker_context.ts";

const TRANSPORTS: readonly Transport[] = ["tcp", "udp"];

/** Makes the memory that all workers of one engine share. */
export function flowCountMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((TOTALS_END + workers * 2) * Int32Array.BYTES_PER_ELEMENT);
}

/** Of each transport: flows open, flows turned away since the last notice, when that was told in seconds. */
const ACTIVE = 0;
const TURNED_AWAY = 2;
const TOLD_AT = 4;
const TOTALS_END = 6;

/** The counts as one worker keeps them. */
export class WorkerFlowCounts implements SharedFlowCounts {
  readonly #words: Int32Array;
  readonly #own: number;

  constructor(memory: SharedArrayBuffer, worker: number) {
    this.#words = new Int32Array(memory);
    this.#own = TOTALS_END + worker * 2;
  }

  active(transport: Transport): number {
    return Atomics.load(this.#words, ACTIVE + TRANSPORTS.indexOf(transport));
  }

  enter(transport: Transport): number {
    return this.#add(transport, 1);
  }

  leave(transport: Transport): void {
    this.#add(transport, -1);
  }

  /** Strikes off all flows of the worker, which has died. */
  forget(): void {
    TRANSPORTS.forEach((transport, index) => {
      this.#add(transport, -Atomics.load(this.#words, this.#own + index));
    });
  }

  #add(transport: Transport, change: number): number {
    const index = TRANSPORTS.indexOf(transport);
    Atomics.add(this.#words, this.#own + index, change);
    return Atomics.add(this.#words, ACTIVE + index, change) + change;
  }
}

/** As {@linkcode LimitNotice}, but over all workers: whichever is the first to be due tells for all. */
export class SharedLimitNotice {
  readonly #words: Int32Array;
  readonly #transport: Transport;
  readonly #events: EngineEvents;

  constructor(memory: SharedArrayBuffer, transport: Transport, events: EngineEvents) {
    this.#words = new Int32Array(memory);
    this.#transport = transport;
    this.#events = events;
  }

  /** Counts a flow that was turned away because `limit` are open. */
  turnedAway(limit: number): void {
    const index = TRANSPORTS.indexOf(this.#transport);
    Atomics.add(this.#words, TURNED_AWAY + index, 1);
    const toldAt = Atomics.load(this.#words, TOLD_AT + index);
    // Each thread's own clock begins with the thread: this one is the same for all, to the second.
    const now = Math.floor((performance.timeOrigin + performance.now()) / 1000) | 0;
    const isDue = toldAt === 0 || now - toldAt >= LIMIT_NOTICE_INTERVAL / 1000;
    if (!isDue || Atomics.compareExchange(this.#words, TOLD_AT + index, toldAt, now) !== toldAt) {
      return;
    }
    const count = Atomics.exchange(this.#words, TURNED_AWAY + index, 0);
    this.#events.notice(limitReached(this.#transport, limit, count));
  }
}
