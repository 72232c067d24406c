/**
 * A world whose engine loses workers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { NativeEngine } from "../../src/engine/native/native_engine.ts";
import { startFailingWorker } from "../support/failing_worker.ts";
import { LoopbackWorld } from "./loopback_world.ts";

/** A world whose engine has workers that fail on command, in the order in which they are started. */
export class FailingWorld extends LoopbackWorld {
  readonly #flags: Int32Array[];

  constructor(workers: number) {
    const flags: Int32Array[] = [];
    const startThread = () => {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      flags.push(flag);
      return startFailingWorker(flag);
    };
    super((options) => new NativeEngine({ ...options, workers, startThread }));
    this.#flags = flags;
  }

  /** Has a worker fail at its next turn, which a new snapshot brings about. */
  fail(index: number): void {
    const flag = this.#flags[index];
    assert(flag !== undefined, "the worker has been started");
    Atomics.store(flag, 0, 1);
  }
}
