import assert from "node:assert/strict";
import { FlowLedger } from "../../../../../src/engine/flow_ledger.ts";
import { Poller } from "../../../../../src/engine/native/poller.ts";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";
import type { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { WaitingTasks } from "../../../../../src/engine/native/task_queue.ts";
import { Relay } from "../../../../../src/engine/native/tcp/relay.ts";
import { TcpConnection } from "../../../../../src/engine/native/tcp/tcp_connection.ts";
import { TcpResources } from "../../../../../src/engine/native/tcp/tcp_resources.ts";
import { TurnClock } from "../../../../../src/engine/native/turn_clock.ts";
import type { WorkerContext } from "../../../../../src/engine/native/worker_context.ts";
import type { EndReason, FlowFacts } from "../../../../../src/model/flow.ts";
import { nativeTest } from "./native_test_case.ts";

const ADDRESS = { host: "127.0.0.1", port: 1 };
const FACTS: FlowFacts = {
  ...{ source: ADDRESS, destination: ADDRESS, address: ADDRESS },
  ...{ service: null, detected: null, target: null },
};

nativeTest("Relay leaves its sockets alone once it has closed them", (rig) => {
  const { libc, calls } = watched(rig.libc);
  using worker = new TcpWorker(libc);
  const [client, clientFd] = rig.pair();
  const [target, targetFd] = rig.pair();
  const connection = worker.connect(clientFd, targetFd);
  // The client has ended its direction behind its first bytes, and the target is gone before it gets them.
  connection.client.ended = true;
  rig.close(target);
  worker.relay(connection).start(null, Uint8Array.of(1, 2, 3));

  assert.deepEqual(worker.ended, ["target_reset"]);
  assertLastCall(calls, targetFd, "close");
  rig.close(client);
});

nativeTest("Relay does not ask a socket that it has closed for its error", (rig) => {
  const { libc, calls } = watched(rig.libc);
  using worker = new TcpWorker(libc);
  const [client, clientFd] = rig.pair();
  const [target, targetFd] = rig.pair();
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

/** What a worker has for its TCP connections. */
class TcpWorker implements Disposable {
  readonly ended: EndReason[] = [];
  readonly #context: WorkerContext;

  constructor(libc: Libc) {
    const descriptors = DescriptorTable.create(4096);
    const ledger = new FlowLedger({
      flowStarted: () => {},
      flowFinished: (_, { outcome }) => this.ended.push(outcome.reason),
      notice: ({ error }) => assert.fail(error as Error),
    });
    const context: Partial<WorkerContext> = {
      ...{ libc, ledger, descriptors, owner: 1 },
      poller: new Poller(libc),
      clock: new TurnClock(),
      ready: new WaitingTasks(),
      flows: { active: () => 1, enter: () => 1, leave: () => {} },
      buffer: new Uint8Array(new ArrayBuffer(64 * 1024)),
      tcp: new TcpResources(libc, descriptors, 1),
    };
    this.#context = context as WorkerContext; // what is for listeners and UDP is left out
  }

  connect(client: number, target: number): TcpConnection {
    const connection = new TcpConnection(this.#context, client, ADDRESS);
    connection.adoptTarget(target);
    return connection;
  }

  relay(connection: TcpConnection): Relay {
    const { target } = connection;
    assert(target !== null);
    const relay = new Relay(connection, FACTS, target, 0);
    connection.enter(relay);
    return relay;
  }

  [Symbol.dispose](): void {
    this.#context.tcp.close();
    this.#context.poller.close();
  }
}

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
