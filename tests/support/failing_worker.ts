/**
 * A worker of the native engine whose loop fails when a test says so: `startFailingWorker()` starts one.
 *
 * @module
 */

import { Libc } from "../../src/engine/native/sys/libc.ts";
import { layoutFor } from "../../src/engine/native/sys/layout.ts";
import { openLibrary } from "../../src/engine/native/sys/open_library.ts";
import { runWorker } from "../../src/engine/native/worker.ts";

const THREAD_NAME = "failing worker";

/** What a flag begins as when the worker is not to begin before it is set to 0 and notified. */
export const HELD = 2;

/** Starts the thread. It fails at the turn after `flag` was set to 1, and sets it back. */
export function startFailingWorker(flag: Int32Array): Worker {
  const worker = new Worker(import.meta.url, { type: "module", name: THREAD_NAME });
  worker.postMessage(flag);
  return worker;
}

/** As the system would fail if the descriptor that the loop waits on were closed. */
class FailingLibc extends Libc {
  readonly #flag: Int32Array;

  constructor(flag: Int32Array) {
    const layout = layoutFor(Deno.build.arch);
    if (layout === null) throw new Error("no layout for this processor");
    super(openLibrary(), layout);
    this.#flag = flag;
  }

  override epollWait(...args: Parameters<Libc["epollWait"]>): number {
    if (Atomics.compareExchange(this.#flag, 0, 1, 0) === 1) throw new Error("told to fail");
    return super.epollWait(...args);
  }
}

/** The first message is the flag, the second one what every worker gets. */
function receiveFlag({ data: flag }: MessageEvent<Int32Array>): void {
  const receiveStart = ({ data: start }: MessageEvent) => {
    Atomics.wait(flag, 0, HELD);
    void runWorker(start, () => new FailingLibc(flag));
  };
  globalThis.addEventListener("message", receiveStart as EventListener, { once: true });
}

if (globalThis.name === THREAD_NAME) {
  globalThis.addEventListener("message", receiveFlag as EventListener, { once: true });
}
