/** The native engine once more, with workers that notice when a descriptor is used that they have closed. */

import assert from "node:assert/strict";
import { NativeEngine } from "../../src/engine/native/native_engine.ts";
import { startStrictWorker } from "../support/strict_worker.ts";
import { LoopbackWorld } from "./loopback_world.ts";
import { runConformanceSuite } from "./suite.ts";

/** A world whose end tells whether its engine has kept to its own descriptors. */
class StrictWorld extends LoopbackWorld {
  readonly #violations: Int32Array;

  constructor() {
    const violations = new Int32Array(new SharedArrayBuffer(4));
    const startThread = () => startStrictWorker(violations);
    super((options) => new NativeEngine({ ...options, workers: 2, startThread }));
    this.#violations = violations;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    assert.equal(this.#violations[0], 0, "descriptors were used that were closed");
  }
}

runConformanceSuite("native (strict about descriptors)", () => new StrictWorld());
