/**
 * A worker's thread: this module is what it runs, and what starts it.
 *
 * That both are one file is what makes it work from everywhere: from source, in a bundle, where the file is the whole
 * program, and in an executable made by `deno compile`, which has only what some import names.
 *
 * @module
 */

import type { FromWorker, WorkerStart } from "./control_message.ts";
import { type Libc, openLibc } from "./sys/libc.ts";
import { WorkerLoop } from "./worker_loop.ts";
import { cloneableError } from "./worker_reports.ts";

/** Tells the thread from others that load this file, a worker of somebody else's program among them. */
const THREAD_NAME = "rpxy-l4 worker";

/** Whether this thread is a worker: then the program of its own that a bundle holds must not run. */
export function isWorkerThread(): boolean {
  return globalThis.name === THREAD_NAME;
}

/** Starts a thread that waits for a {@linkcode WorkerStart} as its first message. Needs to read this file. */
export function startWorkerThread(): Worker {
  return new Worker(import.meta.url, { type: "module", name: THREAD_NAME });
}

/** Runs a worker to its end, and ends the thread. */
export async function runWorker(
  start: WorkerStart,
  open: () => Libc = openLibc,
): Promise<void> {
  start.port.postMessage(await runLoop(start, open));
  start.port.close();
  globalThis.close();
}

if (isWorkerThread()) {
  globalThis.addEventListener("message", (event) => {
    void runWorker((event as MessageEvent<WorkerStart>).data);
  }, { once: true });
}

/** Returns the last words: all that the loop had for itself is closed by then. */
async function runLoop(start: WorkerStart, open: () => Libc): Promise<FromWorker> {
  try {
    using libc = open();
    using loop = new WorkerLoop(start, libc);
    await loop.run();
    return { kind: "stopped" };
  } catch (error) {
    return { kind: "crashed", error: cloneableError(error) };
  }
}
