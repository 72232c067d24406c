/**
 * All workers of one engine: started, counted, and started again when one dies.
 *
 * @module
 */

import { WORKER_RESTART_PAUSE } from "../../model/limits.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { flowIdMemory } from "../../pipeline/flow_id_table.ts";
import type { EngineEvents, EngineStats } from "../engine.ts";
import { randomSeed } from "../random_seed.ts";
import type { FromWorker, ToWorker } from "./control_message.ts";
import { type NumberedSnapshot, ServiceTable } from "./service_numbers.ts";
import { WorkerCounts } from "./shared_counters.ts";
import { flowCountMemory, WorkerFlowCounts } from "./shared_flow_counts.ts";
import type { DescriptorTable } from "./sys/descriptor_table.ts";
import type { Libc } from "./sys/libc.ts";
import { WorkerHandle } from "./worker_handle.ts";
import { ownerOf } from "./worker_loop.ts";

/** What a crew is made of. */
export interface WorkerCrewOptions {
  readonly libc: Libc;
  readonly descriptors: DescriptorTable;
  readonly size: number;
  readonly startThread: () => Worker;
  readonly events: EngineEvents;
  /** Called for what the crew does not deal with itself. */
  readonly onMessage: (worker: WorkerHandle, message: FromWorker) => void;
  /** A worker is gone; its listening sockets are yet to be taken from it. */
  readonly onLost: (worker: WorkerHandle, error: unknown) => void;
  /** A worker took the place of one that was lost. */
  readonly onRestored: (worker: WorkerHandle) => void;
}

/** As many workers as there are to be, but for those that have just died. */
export class WorkerCrew {
  readonly #options: WorkerCrewOptions;
  readonly #services = new ServiceTable();
  readonly #flowCounts: SharedArrayBuffer;
  readonly #flowIds = flowIdMemory([randomSeed(), randomSeed()]);
  /** By position; null while one is waited for. */
  readonly #workers: (WorkerHandle | null)[] = [];
  /** Counters of those that died, and how many flows each position has numbered. */
  readonly #past = new WorkerCounts();
  readonly #flowsBefore: number[];
  /** Workers that have no descriptors: one notice for all of them. */
  readonly #paused = new Set<WorkerHandle>();
  readonly #restarts = new Set<ReturnType<typeof setTimeout>>();
  #published: NumberedSnapshot | null = null;
  #isStopped = false;

  constructor(options: WorkerCrewOptions) {
    this.#options = options;
    this.#flowCounts = flowCountMemory(options.size);
    this.#flowsBefore = new Array<number>(options.size).fill(0);
  }

  /** Those that live, in order. */
  get alive(): readonly WorkerHandle[] {
    return this.#workers.filter((worker) => worker !== null);
  }

  /** Who is to serve what is for the worker at a position: while that one is being replaced, another, if there is one. */
  standIn(index: number): WorkerHandle | null {
    const own = this.#workers[index] ?? null;
    if (own !== null && (own.isReady || !own.isReplacement)) return own;
    const others = this.alive.filter(({ isReady }) => isReady);
    return others[index % others.length] ?? own;
  }

  /** Has all workers go by a snapshot; starts them with the first. */
  publish(snapshot: Snapshot): void {
    const isFirst = this.#published === null;
    this.#published = this.#services.add(snapshot);
    if (isFirst) {
      for (let index = 0; index < this.#options.size; index++) this.#start(index, false);
    } else {
      for (const worker of this.alive) this.#instruct(worker, this.#published);
    }
  }

  /** Tells all that live. */
  post(message: ToWorker): void {
    for (const worker of this.alive) worker.post(message);
  }

  stats(): EngineStats {
    const counts = new WorkerCounts();
    counts.add(this.#past);
    for (const worker of this.alive) counts.add(worker.counts());
    return counts.stats();
  }

  /** Ends all workers, whose flows must have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    await Promise.all(this.alive.map(async (worker) => {
      await worker.stop();
      this.#workers[worker.index] = null;
      this.#past.add(worker.counts());
    }));
  }

  /** @throws {Error} when the system has no descriptor left */
  #start(index: number, isReplacement: boolean): void {
    const { libc, startThread, descriptors, size } = this.#options;
    const worker = new WorkerHandle({
      libc,
      startThread,
      services: this.#services,
      isReplacement,
      start: {
        index,
        descriptors: descriptors.memory,
        flowCounts: this.#flowCounts,
        flowIds: this.#flowIds,
        firstFlow: index + 1 + (this.#flowsBefore[index] ?? 0) * size,
        step: size,
      },
      onReport: ({ record, end }) => {
        const { events } = this.#options;
        if (end === null) events.flowStarted(record);
        else events.flowFinished(record, end);
      },
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onDeath: (worker, error) => this.#bury(worker, error),
    });
    this.#workers[index] = worker;
    if (this.#published !== null) this.#instruct(worker, this.#published);
  }

  #instruct(worker: WorkerHandle, numbered: NumberedSnapshot): void {
    worker.want(this.#options.events.wanted?.() ?? "all");
    worker.post({ kind: "publish", numbered });
  }

  #onMessage(worker: WorkerHandle, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        if (worker.isReplacement) this.#restored(worker);
        return;
      case "published":
        worker.oldestNumber = message.oldest;
        return this.#services.forget(
          Math.min(...this.alive.map(({ oldestNumber }) => oldestNumber)),
        );
      case "notice":
        return this.#notice(worker, message.notice);
      default:
        return this.#options.onMessage(worker, message);
    }
  }

  #notice(worker: WorkerHandle, notice: Parameters<EngineEvents["notice"]>[0]): void {
    const wasPaused = this.#paused.size > 0;
    if (notice.event === "accept_paused") this.#paused.add(worker);
    if (notice.event === "accept_resumed") this.#paused.delete(worker);
    const isPause = notice.event === "accept_paused" || notice.event === "accept_resumed";
    if (isPause && wasPaused === this.#paused.size > 0) return;
    this.#options.events.notice(notice);
  }

  /** Takes over what a worker that died has left: its numbers, its limits' share, its descriptors. */
  #bury(worker: WorkerHandle, error: unknown): void {
    const { index } = worker;
    const { events, descriptors, libc, size, onLost } = this.#options;
    const counts = worker.counts();
    this.#workers[index] = null;
    this.#paused.delete(worker);
    this.#past.addDead(counts);
    this.#flowsBefore[index] = (this.#flowsBefore[index] ?? 0) + counts.opened;
    new WorkerFlowCounts(this.#flowCounts, index).forget();
    onLost(worker, error);
    for (const fd of descriptors.ownedBy(ownerOf(index))) {
      descriptors.release(fd);
      libc.close(fd);
    }
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Worker ${index + 1} of ${size} failed: ${reason}; flows cut: ` +
      `${counts.flows}; it is started again`;
    events.notice({ event: "worker_failed", message, error });
    const hasRun = performance.now() - worker.startedAt >= WORKER_RESTART_PAUSE;
    this.#restart(index, hasRun ? 0 : WORKER_RESTART_PAUSE);
  }

  #restart(index: number, pauseMs: number): void {
    if (this.#isStopped) return;
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      try {
        this.#start(index, true);
      } catch (error) {
        const message = `Worker ${index + 1} cannot be started: trying again`;
        this.#options.events.notice({ event: "worker_failed", message, error });
        this.#restart(index, WORKER_RESTART_PAUSE);
      }
    }, pauseMs);
    this.#restarts.add(restart);
  }

  #restored(worker: WorkerHandle): void {
    const message = `Worker ${worker.index + 1} of ${this.#options.size} runs again`;
    this.#options.events.notice({ event: "worker_restarted", message });
    this.#options.onRestored(worker);
  }
}
