/**
 * A world whose engine loses workers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { NativeEngine } from "../../src/engine/native/native_engine.ts";
import { HELD, startFailingWorker } from "../support/failing_worker.ts";
import { LoopbackWorld } from "./loopback_world.ts";

/** A world whose engine has workers that fail on command, in the order in which they are started. */
export class FailingWorld extends LoopbackWorld {
  readonly #flags: Int32Array[];
  readonly #start: { flag: number };

  constructor(workers: number) {
    const flags: Int32Array[] = [];
    const start = { flag: 0 };
    const startThread = () => {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      flag[0] = start.flag;
      flags.push(flag);
      return startFailingWorker(flag);
    };
    super((options) => new NativeEngine({ ...options, workers, startThread }));
    this.#flags = flags;
    this.#start = start;
  }

  /** How many workers were started so far. */
  get started(): number {
    return this.#flags.length;
  }

  /** Workers that are started from now on do not begin by themselves. */
  holdStarts(): void {
    this.#start.flag = HELD;
  }

  /** Lets a worker begin that was held. */
  letStart(index: number): void {
    const flag = this.#flags[index];
    assert(flag !== undefined, "the worker has been started");
    Atomics.store(flag, 0, 0);
    Atomics.notify(flag, 0);
  }

  /** Has a worker fail at its next turn, which a new snapshot brings about. */
  fail(index: number): void {
    const flag = this.#flags[index];
    assert(flag !== undefined, "the worker has been started");
    Atomics.store(flag, 0, 1);
  }
}
