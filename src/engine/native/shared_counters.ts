/**
 * The counters of one worker in memory that the main thread reads whenever it likes.
 *
 * @module
 */

import type { EndReason } from "../../model/flow.ts";
import type { EngineStats } from "../engine.ts";

/** Every reason, in the order in which it is counted. */
export const END_REASONS = Object.keys(
  {
    done: true,
    client_reset: true,
    target_reset: true,
    idle: true,
    drained: true,
    connect_failed: true,
    dropped: true,
    malformed: true,
    probe_timeout: true,
    client_closed: true,
    proxy_header: true,
    untrusted: true,
    ech_fault: true,
    ech_unserved: true,
    ech_aborted: true,
    ech_retry: true,
    ech_refused: true,
    limit: true,
    error: true,
  } satisfies Record<EndReason, true>,
) as readonly EndReason[];

/** What {@linkcode EngineStats} has besides ended flows, in the order of the memory. */
const GAUGES = [
  "tcpActive",
  "udpActive",
  "tcpAccepted",
  "udpSessions",
  "udpUndecided",
  "heldDatagramBytes",
  "datagramsLost",
  "bytesUp",
  "bytesDown",
  "timers",
  "echAccepted",
  "echRejected",
  "echGrease",
  "echFaults",
  "echLimited",
] as const satisfies readonly (keyof EngineStats)[];

/** Those that fall when what they count is gone; the others only rise. */
const FALLING = ["tcpActive", "udpActive", "udpUndecided", "heldDatagramBytes", "timers"] as const;

const LENGTH = GAUGES.length + END_REASONS.length;

/** How often, and how long in milliseconds at a time, a reader waits for a writer that was interrupted in its work. */
const READ_WAITS = 50;
const READ_PAUSE = 1;

/**
 * Counters that one thread writes and another reads whole: a sequence lock (Lameter, 2005). The version is odd while
 * they are written, and a reader who saw it odd, or changed, reads again.
 */
export class SharedCounters {
  static readonly BYTES = 8 + LENGTH * Float64Array.BYTES_PER_ELEMENT;

  readonly #version: Int32Array;
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#version = new Int32Array(memory, offset, 1);
    this.#values = new Float64Array(memory, offset + 8, LENGTH);
  }

  /** What the reader must see together is written between this and {@linkcode SharedCounters.commit}. */
  begin(): void {
    Atomics.add(this.#version, 0, 1);
  }

  commit(): void {
    Atomics.add(this.#version, 0, 1);
  }

  /** Counts a flow that has ended. */
  countEnd(reason: number): void {
    const index = GAUGES.length + reason;
    this.#values[index] = (this.#values[index] ?? 0) + 1;
  }

  /** Writes all but the ended flows. */
  set(source: CounterSource, timers: number): void {
    const values = this.#values;
    values[0] = source.active("tcp");
    values[1] = source.active("udp");
    values[2] = source.tcpAccepted;
    values[3] = source.udpSessions;
    values[4] = source.udpUndecided;
    values[5] = source.heldDatagramBytes;
    values[6] = source.datagramsLost;
    values[7] = source.bytesUp;
    values[8] = source.bytesDown;
    values[9] = timers;
    values[10] = source.echAccepted;
    values[11] = source.echRejected;
    values[12] = source.echGrease;
    values[13] = source.echFaults;
    values[14] = source.echLimited;
  }

  /**
   * The counters as they were at one moment, and what `alongside` read at the same moment. A writer that died while it
   * wrote is not waited for for ever.
   */
  read<T>(alongside: () => T): { readonly counts: WorkerCounts; readonly alongside: T } {
    for (let waits = 0;;) {
      const version = Atomics.load(this.#version, 0);
      const values = this.#values.slice();
      const other = alongside();
      // An addition, unlike a load, lets no read before it come after it on any processor.
      const isWhole = version % 2 === 0 && Atomics.add(this.#version, 0, 0) === version;
      if (isWhole || waits === READ_WAITS) {
        return { counts: new WorkerCounts(values), alongside: other };
      }
      // A version that changes is that of a writer which lives: it will leave a moment to read in.
      if (version % 2 === 0) continue;
      if (Atomics.wait(this.#version, 0, version, READ_PAUSE) === "timed-out") waits++;
    }
  }
}

/** Where the counters are kept while they are counted: a ledger. */
export interface CounterSource {
  active(transport: "tcp" | "udp"): number;
  readonly tcpAccepted: number;
  readonly udpSessions: number;
  readonly udpUndecided: number;
  readonly heldDatagramBytes: number;
  readonly datagramsLost: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly echAccepted: number;
  readonly echRejected: number;
  readonly echGrease: number;
  readonly echFaults: number;
  readonly echLimited: number;
}

/** Counters of one worker, or of several together. */
export class WorkerCounts {
  readonly #values: Float64Array;

  constructor(values = new Float64Array(LENGTH)) {
    this.#values = values;
  }

  /** Adds those of a worker that lives. */
  add(other: WorkerCounts): void {
    for (let index = 0; index < LENGTH; index++) {
      this.#values[index] = (this.#values[index] ?? 0) + (other.#values[index] ?? 0);
    }
  }

  /** Adds what is left of a worker that died: the flows that it had open ended by a fault of the proxy. */
  addDead(other: WorkerCounts): void {
    const dead = new WorkerCounts(other.#values.slice());
    const error = GAUGES.length + END_REASONS.indexOf("error");
    dead.#values[error] = (dead.#values[error] ?? 0) + other.flows;
    for (const name of FALLING) dead.#values[GAUGES.indexOf(name)] = 0;
    this.add(dead);
  }

  /** Flows that are open. */
  get flows(): number {
    return this.#get("tcpActive") + this.#get("udpActive");
  }

  /** Flows that were opened so far. */
  get opened(): number {
    return this.#values.subarray(GAUGES.length).reduce((sum, count) => sum + count, this.flows);
  }

  stats(): EngineStats {
    const ended: Partial<Record<EndReason, number>> = {};
    END_REASONS.forEach((reason, index) => {
      const count = this.#values[GAUGES.length + index] ?? 0;
      if (count > 0) ended[reason] = count;
    });
    return {
      tcpActive: this.#get("tcpActive"),
      udpActive: this.#get("udpActive"),
      tcpAccepted: this.#get("tcpAccepted"),
      udpSessions: this.#get("udpSessions"),
      udpUndecided: this.#get("udpUndecided"),
      heldDatagramBytes: this.#get("heldDatagramBytes"),
      datagramsLost: this.#get("datagramsLost"),
      bytesUp: this.#get("bytesUp"),
      bytesDown: this.#get("bytesDown"),
      echAccepted: this.#get("echAccepted"),
      echRejected: this.#get("echRejected"),
      echGrease: this.#get("echGrease"),
      echFaults: this.#get("echFaults"),
      echLimited: this.#get("echLimited"),
      timers: this.#get("timers"),
      ended,
    };
  }

  #get(name: typeof GAUGES[number]): number {
    return this.#values[GAUGES.indexOf(name)] ?? 0;
  }
}
