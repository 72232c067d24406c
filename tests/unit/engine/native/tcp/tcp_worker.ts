/**
 * What a worker has for its TCP connections, for tests of what moves their bytes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FlowLedger } from "../../../../../src/engine/flow_ledger.ts";
import { Poller } from "../../../../../src/engine/native/poller.ts";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";
import type { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { WaitingTasks } from "../../../../../src/engine/native/task_queue.ts";
import { FilteredRelay } from "../../../../../src/engine/native/tcp/filtered_relay.ts";
import { Relay } from "../../../../../src/engine/native/tcp/relay.ts";
import { TcpConnection } from "../../../../../src/engine/native/tcp/tcp_connection.ts";
import { TcpResources } from "../../../../../src/engine/native/tcp/tcp_resources.ts";
import { TurnClock } from "../../../../../src/engine/native/turn_clock.ts";
import type { WorkerContext } from "../../../../../src/engine/native/worker_context.ts";
import type { FlowEnd, FlowFacts, StreamFilter } from "../../../../../src/model/flow.ts";

const ADDRESS = { host: "127.0.0.1", port: 1 };
const FACTS: FlowFacts = {
  ...{ source: ADDRESS, destination: ADDRESS, address: ADDRESS },
  ...{ service: null, detected: null, target: null },
};

/** Serves connections of two sockets each, turn by turn, and closes them. */
export class TcpWorker implements Disposable {
  readonly ended: FlowEnd[] = [];
  readonly #ready = new WaitingTasks();
  readonly #connections: TcpConnection[] = [];
  readonly #context: WorkerContext;

  constructor(libc: Libc) {
    const descriptors = DescriptorTable.create(4096);
    const ledger = new FlowLedger({
      flowStarted: () => {},
      flowFinished: (_, end) => this.ended.push(end),
      notice: ({ error }) => assert.fail(error as Error),
    });
    const context: Partial<WorkerContext> = {
      ...{ libc, ledger, descriptors, owner: 1 },
      poller: new Poller(libc),
      clock: new TurnClock(),
      ready: this.#ready,
      flows: { active: () => 1, enter: () => 1, leave: () => {} },
      buffer: new Uint8Array(new ArrayBuffer(64 * 1024)),
      tcp: new TcpResources(libc, descriptors, 1),
    };
    this.#context = context as WorkerContext; // what is for listeners and UDP is left out
  }

  connect(client: number, target: number): TcpConnection {
    const connection = new TcpConnection(this.#context, client, ADDRESS);
    connection.adoptTarget(target);
    this.#connections.push(connection);
    return connection;
  }

  relay(connection: TcpConnection): Relay {
    const { target } = connection;
    assert(target !== null);
    const relay = new Relay(connection, FACTS, target, 0);
    connection.enter(relay);
    return relay;
  }

  filteredRelay(connection: TcpConnection, filter: StreamFilter): FilteredRelay {
    const { target } = connection;
    assert(target !== null);
    const relay = new FilteredRelay(connection, FACTS, target, 0, filter);
    connection.enter(relay);
    return relay;
  }

  /** Serves what is ready, until nothing is. */
  turn(): void {
    for (let turns = 0; turns < 50; turns++) {
      this.#context.poller.wait(0, () => {});
      this.#ready.run();
    }
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.cut();
    this.#context.tcp.close();
    this.#context.poller.close();
  }
}
