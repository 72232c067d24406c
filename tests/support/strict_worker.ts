/**
 * A worker of the native engine that notices when it uses a descriptor that is not its own any more:
 * `startStrictWorker()` starts one. The number may be another thread's by then, so that nothing else would show it.
 *
 * @module
 */

import type { WorkerStart } from "../../src/engine/native/control_message.ts";
import { DescriptorTable } from "../../src/engine/native/sys/descriptor_table.ts";
import { layoutFor } from "../../src/engine/native/sys/layout.ts";
import { Libc } from "../../src/engine/native/sys/libc.ts";
import { openLibrary } from "../../src/engine/native/sys/open_library.ts";
import { runWorker } from "../../src/engine/native/worker.ts";
import { ownerOf } from "../../src/engine/native/worker_loop.ts";

const THREAD_NAME = "strict worker";

/** Starts the thread. What it notices is counted in `violations`, and told on standard error. */
export function startStrictWorker(violations: Int32Array): Worker {
  const worker = new Worker(import.meta.url, { type: "module", name: THREAD_NAME });
  worker.postMessage(violations);
  return worker;
}

/** Calls that make descriptors, those that make two, and all whose first argument is one. */
const MAKE = ["socket", "accept4", "epollCreate", "eventfd"] as const;
const MAKE_TWO = ["socketpair", "pipe2"] as const;
const USE = [
  ...["bind", "listen", "accept4", "connect", "getsockname", "getpeername"] as const,
  ...["getsockoptInt", "setsockoptInt", "setsockoptBytes", "recv", "send"] as const,
  ...["recvmmsg", "sendmmsg", "shutdown", "close", "splice", "fcntl", "epollCtl"] as const,
  ...["epollWait", "readEventfd"] as const,
];

/** The C library, with every descriptor looked at before it is used. */
function strictLibc(start: WorkerStart, violations: Int32Array): Libc {
  const layout = layoutFor(Deno.build.arch);
  if (layout === null) throw new Error("no layout for this processor");
  const libc = new Libc(openLibrary(), layout);
  const table = new DescriptorTable(start.descriptors);
  const owner = ownerOf(start.index);
  const own = new Set([start.wake]);

  const check = (call: string, fd: number) => {
    if (table.ownerOf(fd) === owner) own.add(fd);
    if (own.has(fd)) return;
    Atomics.add(violations, 0, 1);
    console.error(new Error(`${call} on descriptor ${fd}, which is not this worker's`).stack);
  };
  const wrap = (name: keyof Libc, around: (call: () => number, args: number[]) => number) => {
    const method = libc[name] as (...args: unknown[]) => number;
    const wrapped = (...args: unknown[]) =>
      around(() => method.apply(libc, args), args as number[]);
    Object.defineProperty(libc, name, { value: wrapped, configurable: true });
  };
  for (const name of USE) {
    wrap(name, (call, [fd = -1, second = -1, third = -1]) => {
      check(name, fd);
      if (name === "splice") check(name, second);
      if (name === "epollCtl") check(name, third);
      if (name === "close") own.delete(fd);
      return call();
    });
  }
  for (const name of MAKE) {
    wrap(name, (call) => {
      const fd = call();
      if (fd >= 0) own.add(fd);
      return fd;
    });
  }
  for (const name of MAKE_TWO) {
    wrap(name, (call, args) => {
      const result = call();
      for (const fd of args.at(-1) as unknown as Int32Array) if (result >= 0) own.add(fd);
      return result;
    });
  }
  return libc;
}

/** The first message is where to count, the second one what every worker gets. */
function receiveViolations({ data: violations }: MessageEvent<Int32Array>): void {
  const receiveStart = ({ data: start }: MessageEvent<WorkerStart>) => {
    void runWorker(start, () => strictLibc(start, violations));
  };
  globalThis.addEventListener("message", receiveStart as EventListener, { once: true });
}

if (globalThis.name === THREAD_NAME) {
  globalThis.addEventListener("message", receiveViolations as EventListener, { once: true });
}
