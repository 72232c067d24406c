/**
 * How a worker tells the main thread of its flows and of what else happens.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../../model/limits.ts";
import type { FlowEnd, FlowRecord } from "../../model/flow.ts";
import type { EngineEvents, EngineNotice } from "../engine.ts";
import type { FlowLedger } from "../flow_ledger.ts";
import type { FromWorker } from "./control_message.ts";
import { FlowReportEncoder } from "./flow_report.ts";
import type { ServiceNumbers } from "./flow_report.ts";
import { END_REASONS } from "./shared_counters.ts";
import type { TurnClock } from "./turn_clock.ts";
import type { WorkerMemory } from "./worker_memory.ts";

/** What the reports are made of. */
export interface WorkerReportsOptions {
  readonly memory: WorkerMemory;
  readonly services: ServiceNumbers;
  readonly clock: TurnClock;
  readonly post: (message: FromWorker) => void;
}

/**
 * Writes flows to shared memory together with the counters: whoever sees a flow in one sees it in the other. A reader
 * that does not keep up loses reports, as a log does that is written too slowly, and is told how many.
 */
export class WorkerReports implements EngineEvents {
  readonly #options: WorkerReportsOptions;
  readonly #encoder: FlowReportEncoder;
  #ledger: FlowLedger | null = null;
  #lost = 0;
  #lossToldAt = -Infinity;

  constructor(options: WorkerReportsOptions) {
    this.#options = options;
    this.#encoder = new FlowReportEncoder(options.services);
  }

  /** Says whose books are to be copied: those that report here. */
  copy(ledger: FlowLedger): void {
    this.#ledger = ledger;
  }

  flowStarted(record: FlowRecord): void {
    if (this.#isWanted(record, null)) this.#report(record, null);
  }

  flowFinished(record: FlowRecord, end: FlowEnd): void {
    const { counters } = this.#options.memory;
    const reason = END_REASONS.indexOf(end.outcome.reason);
    if (this.#isWanted(record, end)) return this.#report(record, end, reason);
    counters.begin();
    this.#copyCounters(reason);
    counters.commit();
  }

  notice(notice: EngineNotice): void {
    this.#options.post({ kind: "notice", notice: toCloneable(notice) });
  }

  /** Ends a turn: brings the counters up to date and has the main thread read what is new. */
  flush(): void {
    const { memory, post } = this.#options;
    memory.counters.begin();
    this.#copyCounters(null);
    memory.counters.commit();
    if (!memory.reports.isEmpty && memory.raiseSignal()) post({ kind: "reports" });
    if (this.#lost > 0) this.#tellLoss();
  }

  #isWanted({ failures }: FlowRecord, end: FlowEnd | null): boolean {
    return this.#options.memory.reportsAll || failures !== undefined ||
      end?.outcome.reason === "connect_failed";
  }

  #report(record: FlowRecord, end: FlowEnd | null, reason: number | null = null): void {
    const { memory: { counters, reports }, post } = this.#options;
    const length = this.#encoder.encode(record, end);
    if (length === 0) post({ kind: "flow", report: { record, end } });
    counters.begin();
    this.#copyCounters(reason);
    if (length > 0 && !reports.write(this.#encoder.bytes, length)) this.#lost++;
    counters.commit();
  }

  #copyCounters(reason: number | null): void {
    const { memory: { counters }, clock } = this.#options;
    if (reason !== null) counters.countEnd(reason);
    if (this.#ledger !== null) counters.set(this.#ledger, clock.armed);
  }

  #tellLoss(): void {
    const now = this.#options.clock.now();
    if (now - this.#lossToldAt < LIMIT_NOTICE_INTERVAL) return;
    const message = `Too many flows to report: ${this.#lost} reports were lost`;
    this.notice({ event: "reports_lost", message });
    this.#lost = 0;
    this.#lossToldAt = now;
  }
}

/** An error may be of any kind; of what can be cloned, all that is of use to a person is kept. */
function toCloneable(notice: EngineNotice): EngineNotice {
  if (notice.error === undefined) return notice;
  return { ...notice, error: cloneableError(notice.error) };
}

/** An error as a plain `Error`, with the stack that it was born with. */
export function cloneableError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const plain = new Error(error.message);
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}
