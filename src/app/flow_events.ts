/**
 * From what the engine reports to the logs.
 *
 * @module
 */

import type { EngineEvents, EngineNotice } from "../engine/engine.ts";
import { ERRORS } from "../model/errors.ts";
import type { FlowEnd, FlowRecord, TargetFailure } from "../model/flow.ts";
import type { LogMethod } from "../ops/log.ts";
import type { Logs } from "../ops/open_logs.ts";
import { formatHostPort } from "../proto/ip.ts";
import { targetInWords } from "./private_targets.ts";

/** How long one target's trouble of one kind is not told again, in milliseconds: clients may come by the thousand. */
const TROUBLE_INTERVAL = 60_000;

/** Most troubles remembered at once; more than that, and the oldest is told again early. */
const MAX_TROUBLES = 1_000;

/** Writes flows to the access log, and to the system log what concerns more than the one flow. */
export class FlowEvents implements EngineEvents {
  readonly #logs: Logs;
  readonly #now: () => number;
  readonly #toldAt = new Map<string, number>();

  constructor(logs: Logs, now: () => number = Date.now) {
    this.#logs = logs;
    this.#now = now;
  }

  flowStarted(record: FlowRecord): void {
    this.#logs.access.started(record);
    // Clients notice nothing of it, so it is the log that must tell.
    this.#tell("target_passed_over", otherFailures(record));
  }

  flowFinished(record: FlowRecord, end: FlowEnd): void {
    this.#logs.access.finished(record, end);
    const { reason, error } = end.outcome;
    if (reason !== "connect_failed") return;
    const failures = otherFailures(record);
    const { service, target } = record;
    if (error !== undefined && service !== null && target !== null) {
      failures.push({ service, target, error });
    }
    this.#tell("connect_failed", failures);
  }

  wanted(): "all" | "failures" {
    return this.#logs.access.enabled ? "all" : "failures";
  }

  notice(notice: EngineNotice): void {
    const { event, message, listener, error } = notice;
    this.#methodFor(event)(event, message, {
      listener: listener === undefined ? undefined : formatHostPort(listener),
      // A fault of our own is worth its stack.
      error: event === "flow_fault" && error instanceof Error ? error.stack : error,
    });
  }

  #methodFor(event: EngineNotice["event"]): LogMethod {
    const { log } = this.#logs;
    switch (event) {
      case "accept_resumed":
      case "worker_restarted":
        return log.info;
      case "accept_paused":
      case "tcp_limit_reached":
      case "udp_limit_reached":
      case "ech_limit_reached":
      case "reports_lost":
        return log.warn;
      case "listener_failed":
      case "worker_failed":
      case "flow_fault":
        return log.error;
    }
  }

  #tell(
    event: "connect_failed" | "target_passed_over",
    failures: readonly TargetFailure[],
  ): void {
    for (const { service, target, error } of failures) {
      const where = targetInWords(service, target);
      if (!this.#isNews(`${event} ${where} ${target.label} ${error}`)) continue;
      const message = `Cannot connect to ${where}: ${ERRORS[error].message}`;
      this.#logs.log.warn(event, message, { service: service.name });
    }
  }

  #isNews(trouble: string): boolean {
    const now = this.#now();
    const toldAt = this.#toldAt.get(trouble);
    if (toldAt !== undefined && now - toldAt < TROUBLE_INTERVAL) return false;
    this.#toldAt.delete(trouble);
    this.#toldAt.set(trouble, now);
    // A map keeps the order of insertion: the first is the oldest.
    const [oldest] = this.#toldAt.keys();
    if (this.#toldAt.size > MAX_TROUBLES && oldest !== undefined) this.#toldAt.delete(oldest);
    return true;
  }
}

/** What failed beside the target that the record names: of that one, another address may have answered. */
function otherFailures({ failures = [], target }: FlowRecord): TargetFailure[] {
  return failures.filter((failure) => failure.target !== target);
}
