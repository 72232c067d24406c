import assert from "node:assert/strict";
import type { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { nativeTest } from "./native_test_case.ts";
import { TcpWorker } from "./tcp_worker.ts";

nativeTest("Relay leaves its sockets alone once it has closed them", (rig) => {
  const { libc, calls } = watched(rig.libc);
  using worker = new TcpWorker(libc);
  const [client, clientFd] = rig.pairToGive();
  const [target, targetFd] = rig.pairToGive();
  const connection = worker.connect(clientFd, targetFd);
  // The client has ended its direction behind its first bytes, and the target is gone before it gets them.
  connection.client.ended = true;
  rig.close(target);
  worker.relay(connection).start(null, Uint8Array.of(1, 2, 3));

  assert.deepEqual(worker.ended.map(({ outcome }) => outcome.reason), ["target_reset"]);
  assertLastCall(calls, targetFd, "close");
  rig.close(client);
});

nativeTest("Relay does not ask a socket that it has closed for its error", (rig) => {
  const { libc, calls } = watched(rig.libc);
  using worker = new TcpWorker(libc);
  const [client, clientFd] = rig.pairToGive();
  const [target, targetFd] = rig.pairToGive();
  const connection = worker.connect(clientFd, targetFd);
  // Both have gone; the client's last bytes find that out while they are passed on.
  rig.send(client, [1, 2, 3]);
  connection.client.readable = connection.client.failed = true;
  rig.close(client);
  rig.close(target);
  worker.relay(connection).start(null, new Uint8Array());

  assert.equal(worker.ended.length, 1);
  assertLastCall(calls, clientFd, "closeWithReset");
});

/** Notes the calls that are made for a descriptor. */
function watched(libc: Libc): { libc: Libc; calls: string[] } {
  const calls: string[] = [];
  const noted = new Proxy(libc, {
    get: (_, name) => {
      const value: unknown = Reflect.get(libc, name, libc);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        calls.push(`${String(name)} ${args[0]}`);
        return value.apply(libc, args);
      };
    },
  });
  return { libc: noted, calls };
}

/** What is called for a descriptor after it was closed is called for somebody else's. */
function assertLastCall(calls: readonly string[], fd: number, name: string): void {
  assert.equal(calls.findLast((call) => call.endsWith(` ${fd}`)), `${name} ${fd}`);
}
