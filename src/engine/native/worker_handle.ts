/**
 * A worker as the main thread sees it.
 *
 * @module
 */

import { WORKER_STOP_TIMEOUT } from "../../model/limits.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./control_message.ts";
import {
  decodeFlowReport,
  type FlowReport,
  MAX_REPORT,
  type NumberedServices,
} from "./flow_report.ts";
import type { WorkerCounts } from "./shared_counters.ts";
import { systemError } from "./sys/errno.ts";
import type { Libc } from "./sys/libc.ts";
import { WorkerMemory } from "./worker_memory.ts";

/** What a handle is made of. */
export interface WorkerHandleOptions {
  readonly libc: Libc;
  readonly startThread: () => Worker;
  /** What the worker begins with beside what the handle makes for it. */
  readonly start: Omit<WorkerStart, "port" | "wake" | "memory">;
  readonly services: NumberedServices;
  /** Whether it takes the place of one that died. */
  readonly isReplacement: boolean;
  readonly onReport: (report: FlowReport) => void;
  /** Called for what the handle does not deal with itself. */
  readonly onMessage: (worker: WorkerHandle, message: FromWorker) => void;
  /** The thread ended without being told to. */
  readonly onDeath: (worker: WorkerHandle, error: unknown) => void;
}

/** One thread, from its start to its end. */
export class WorkerHandle {
  /** Position among the workers. */
  readonly index: number;
  readonly isReplacement: boolean;
  readonly startedAt = performance.now();
  /** Whether the thread has told that it runs. */
  isReady = false;
  /** Whether the thread is gone. */
  hasEnded = false;
  /** The smallest number of a service that it may use. */
  oldestNumber = 0;
  readonly #options: WorkerHandleOptions;
  readonly #memory = new WorkerMemory();
  readonly #wake: number;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #record = new Uint8Array(MAX_REPORT);
  readonly #ended = Promise.withResolvers<void>();

  /** @throws {Error} when the system has no descriptor left */
  constructor(options: WorkerHandleOptions) {
    const { libc, start, startThread } = options;
    this.index = start.index;
    this.isReplacement = options.isReplacement;
    this.#options = options;
    this.#thread = startThread();
    this.#wake = libc.eventfd();
    if (this.#wake < 0) {
      this.#thread.terminate();
      throw systemError(-this.#wake, "eventfd");
    }
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#onMessage(data);
    this.#thread.onerror = (event) => {
      event.preventDefault();
      this.#die(event.error ?? new Error(event.message));
    };
    const memory = this.#memory.buffer;
    this.#thread.postMessage({ ...start, port: port2, wake: this.#wake, memory }, [port2]);
  }

  /**
   * Tells the worker something; one that has ended hears nothing. Counted after it was posted and before this returns: so
   * the worker, which looks at the count before it serves an event, never serves a later one first.
   */
  post(message: ToWorker): void {
    if (this.hasEnded) return;
    this.#port.postMessage(message);
    this.#memory.countPosted();
    this.#options.libc.writeEventfd(this.#wake);
  }

  /** Which flows the worker is to report. */
  want(flows: "all" | "failures"): void {
    this.#memory.reportsAll = flows === "all";
  }

  /** The counters now; the flows that they tell of have been reported when this returns. */
  counts(): WorkerCounts {
    const { counters, reports } = this.#memory;
    const { counts, alongside } = counters.read(() => reports.head);
    this.#report(alongside);
    return counts;
  }

  /** Ends the thread, by force if it does not end by itself. Its flows must have ended. */
  async stop(): Promise<void> {
    this.post({ kind: "stop" });
    const timeout = setTimeout(() => this.#end(), WORKER_STOP_TIMEOUT);
    await this.#ended.promise;
    clearTimeout(timeout);
  }

  #onMessage(message: FromWorker): void {
    if (this.hasEnded) return;
    this.#memory.lowerSignal();
    // First what was told before.
    this.#report(this.#memory.reports.head);
    switch (message.kind) {
      case "reports":
        return;
      case "flow":
        return this.#options.onReport(message.report);
      case "stopped":
        return this.#end();
      case "crashed":
        return this.#die(message.error);
      case "ready":
        this.isReady = true;
    }
    this.#options.onMessage(this, message);
  }

  #report(head: number): void {
    const { reports } = this.#memory;
    const record = this.#record;
    for (
      let length = reports.read(head, record);
      length !== null;
      length = reports.read(head, record)
    ) {
      this.#options.onReport(
        decodeFlowReport(record.subarray(0, length), this.#options.services),
      );
    }
  }

  #die(error: unknown): void {
    if (this.hasEnded) return;
    this.#end();
    this.#options.onDeath(this, error);
  }

  #end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#thread.terminate();
    this.#port.close();
    this.#options.libc.close(this.#wake);
    this.#ended.resolve();
  }
}
