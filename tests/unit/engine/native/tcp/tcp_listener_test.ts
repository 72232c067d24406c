import assert from "node:assert/strict";
import { Poller } from "../../../../../src/engine/native/poller.ts";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";
import { ECONNABORTED } from "../../../../../src/engine/native/sys/errno.ts";
import { localAddress, openTcpListener } from "../../../../../src/engine/native/sys/sockets.ts";
import { TcpListener } from "../../../../../src/engine/native/tcp/tcp_listener.ts";
import { TurnClock } from "../../../../../src/engine/native/turn_clock.ts";
import type { WorkerContext } from "../../../../../src/engine/native/worker_context.ts";
import { nativeTest } from "./native_test_case.ts";

/** More than any queue holds here: who accepts so many never stops. */
const ENDLESS = 1_000;

nativeTest("TcpListener.close() comes to an end when clients do not", ({ libc }) => {
  const address = { host: "127.0.0.1", port: 0 };
  const spec = { transport: "tcp", address, backlog: 8 } as const;
  const tuning = { fastOpen: false, deferAcceptMs: 0, userTimeoutMs: 0, reusePort: true };
  const fd = openTcpListener(libc, spec, tuning);
  let accepts = 0;
  // Always one more, which has gone again by the time that it is accepted.
  Object.defineProperty(libc, "accept4", {
    value: () => {
      assert(++accepts < ENDLESS, "it accepts for ever");
      return -ECONNABORTED;
    },
  });
  using stack = new DisposableStack();
  const poller = stack.adopt(new Poller(libc), (poller) => poller.close());
  const descriptors = DescriptorTable.create(4096);
  const context: Partial<WorkerContext> = { libc, poller, descriptors, clock: new TurnClock() };
  const listener = new TcpListener({
    context: context as WorkerContext, // what connections need is left out
    ...{ fd, spec, address: localAddress(libc, fd) },
  });
  listener.close();
  // As many as the system may have queued: one more than the backlog.
  assert.equal(accepts, spec.backlog + 1);
});
