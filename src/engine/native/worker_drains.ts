/**
 * Waits for the flows of all workers to end.
 *
 * @module
 */

import type { DrainReport } from "../engine.ts";
import type { FromWorker } from "./control_message.ts";
import type { WorkerCrew } from "./worker_crew.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** Longest time that `setTimeout` takes. */
const MAX_TIMEOUT = 2 ** 31 - 1;

interface Drain {
  readonly waitsFor: Set<WorkerHandle>;
  readonly resolve: () => void;
  open: number;
  cut: number;
}

/** All drains under way: one that is impatient may begin while one that is patient goes on. */
export class WorkerDrains {
  readonly #crew: WorkerCrew;
  readonly #drains = new Map<number, Drain>();
  #next = 1;

  constructor(crew: WorkerCrew) {
    this.#crew = crew;
  }

  /** Lets flows end, and cuts those that have not after `timeoutMs`. The listeners must have been closed. */
  async drain(timeoutMs: number): Promise<DrainReport> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const drain: Drain = { waitsFor: new Set(this.#crew.alive), resolve, open: 0, cut: 0 };
    if (drain.waitsFor.size === 0) return { finished: 0, cut: 0 };
    this.#drains.set(id, drain);
    this.#crew.post({ kind: "drain", drain: id });
    const cut = () => this.#crew.post({ kind: "cut", drain: id });
    const timeout = timeoutMs <= 0 ? cut() : setTimeout(cut, Math.min(timeoutMs, MAX_TIMEOUT));
    await promise;
    clearTimeout(timeout ?? undefined);
    this.#drains.delete(id);
    return { finished: drain.open - drain.cut, cut: drain.cut };
  }

  onDrained(worker: WorkerHandle, message: Extract<FromWorker, { kind: "drained" }>): void {
    const drain = this.#drains.get(message.drain);
    if (drain === undefined) return;
    drain.open += message.open;
    drain.cut += message.cut;
    leave(drain, worker);
  }

  /** The flows of a worker that died are no more. */
  onLost(worker: WorkerHandle): void {
    for (const drain of this.#drains.values()) leave(drain, worker);
  }
}

function leave(drain: Drain, worker: WorkerHandle): void {
  drain.waitsFor.delete(worker);
  if (drain.waitsFor.size === 0) drain.resolve();
}
