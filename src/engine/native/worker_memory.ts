/**
 * The memory that one worker shares with the main thread.
 *
 * @module
 */

import { REPORT_RING } from "../../model/limits.ts";
import { ReportRing } from "./report_ring.ts";
import { SharedCounters } from "./shared_counters.ts";

/** Messages posted to the worker, whether the main thread knows of reports, whether all flows are to be reported. */
const POSTED = 0;
const SIGNALLED = 1;
const REPORT_ALL = 2;

const COUNTERS_AT = 16;
const RING_AT = COUNTERS_AT + SharedCounters.BYTES;
const SIZE = RING_AT + ReportRing.bytes(REPORT_RING);

/** A view of it; both sides have one. */
export class WorkerMemory {
  readonly buffer: SharedArrayBuffer;
  readonly counters: SharedCounters;
  readonly reports: ReportRing;
  readonly #words: Int32Array;

  /** @param buffer that of the other side; left out: new memory */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(SIZE)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, 3);
    this.counters = new SharedCounters(buffer, COUNTERS_AT);
    this.reports = new ReportRing(buffer, RING_AT, REPORT_RING);
  }

  /** How many messages were posted to the worker so far, modulo 2³². */
  get posted(): number {
    return Atomics.load(this.#words, POSTED);
  }

  /** Main thread: a message was posted. */
  countPosted(): void {
    Atomics.add(this.#words, POSTED, 1);
  }

  get reportsAll(): boolean {
    return Atomics.load(this.#words, REPORT_ALL) === 1;
  }

  set reportsAll(all: boolean) {
    Atomics.store(this.#words, REPORT_ALL, all ? 1 : 0);
  }

  /** Worker: whether the main thread must be told that there are reports, as it has not been yet. */
  raiseSignal(): boolean {
    return Atomics.exchange(this.#words, SIGNALLED, 1) === 0;
  }

  /** Main thread: about to read all reports; those written from now on are worth another signal. */
  lowerSignal(): void {
    Atomics.store(this.#words, SIGNALLED, 0);
  }
}
