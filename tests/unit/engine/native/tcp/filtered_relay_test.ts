import assert from "node:assert/strict";
import type { FilterOutput, StreamFilter } from "../../../../../src/model/flow.ts";
import { nativeTest } from "./native_test_case.ts";
import type { SocketsRig } from "./sockets_rig.ts";
import { TcpWorker } from "./tcp_worker.ts";

/** More than the buffers of a socket hold. */
const MUCH = new Uint8Array(700 * 1024).map((_, index) => index * 7 >> 5);
const NOTHING = new Uint8Array(0);
const FAULT = { reason: "ech_fault" } as const;

const SILENT: FilterOutput = { toClient: null, toTarget: null, next: "filter" };

/** A filter that passes all unless it is told otherwise. */
function filter(part: Partial<StreamFilter>): StreamFilter {
  return {
    fromClient: (toTarget) => ({ ...SILENT, toTarget }),
    fromTarget: (toClient) => ({ ...SILENT, toClient }),
    clientEnded: () => SILENT,
    targetEnded: () => SILENT,
    ...part,
  };
}

/** A relay under way; `client` and `target` are the far ends. */
function start(rig: SocketsRig, worker: TcpWorker, part: Partial<StreamFilter>, head = NOTHING) {
  const [client, clientFd] = rig.pairToGive();
  const [target, targetFd] = rig.pairToGive();
  const connection = worker.connect(clientFd, targetFd);
  connection.watch(connection.client);
  if (connection.target !== null) connection.watch(connection.target);
  worker.filteredRelay(connection, filter(part)).start(null, head);
  worker.turn();
  return { client, target };
}

/** Lets the worker and a far end go on by turns, until no more comes. */
function drain(rig: SocketsRig, worker: TcpWorker, fd: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = rig.readAll(fd);
    chunks.push(chunk);
    worker.turn();
    if (chunk.length === 0) return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
  }
}

function hasEnded(rig: SocketsRig, fd: number): boolean {
  return rig.libc.recv(fd, new Uint8Array(1), 1, 0) === 0;
}

function assertBytes(actual: Uint8Array, ...expected: readonly Uint8Array[]): void {
  const whole = Uint8Array.from(expected.flatMap((part) => [...part]));
  assert.equal(actual.length, whole.length);
  assert.ok(actual.every((byte, index) => byte === whole[index]), "the same bytes");
}

nativeTest("FilteredRelay leaves what waits to the relay that it hands over to", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const some = Uint8Array.of(1, 2, 3);
  const fromClient = () => ({ toClient: MUCH, toTarget: MUCH, next: "raw" }) as const;
  const { client, target } = start(rig, worker, { fromClient }, some);
  rig.send(client, [4, 5]);
  rig.libc.shutdown(client, 1);
  worker.turn();
  assertBytes(drain(rig, worker, target), MUCH, Uint8Array.of(4, 5));
  assert.ok(hasEnded(rig, target), "the client's end as well");
  rig.send(target, [6]);
  assertBytes(drain(rig, worker, client), MUCH, Uint8Array.of(6));
  rig.libc.shutdown(target, 1);
  worker.turn();
  assert.ok(hasEnded(rig, client));
  assert.deepEqual(
    worker.ended.map(({ outcome, bytesUp, bytesDown }) => [outcome.reason, bytesUp, bytesDown]),
    [
      ["done", MUCH.length + 2, MUCH.length + 1],
    ],
  );
});

nativeTest("FilteredRelay hands over a reset that came while bytes waited", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const fromClient = () => ({ toClient: null, toTarget: MUCH, next: "raw" }) as const;
  const { target } = start(rig, worker, { fromClient }, Uint8Array.of(1));
  rig.close(target);
  worker.turn();
  assert.deepEqual(worker.ended.map(({ outcome }) => outcome.reason), ["target_reset"]);
});

nativeTest("FilteredRelay passes what a side has sent before it was reset", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const { client, target } = start(rig, worker, {});
  rig.send(target, [1, 2]);
  rig.send(client, [3]);
  rig.close(target);
  worker.turn();
  assertBytes(rig.readAll(client), Uint8Array.of(1, 2));
  assert.deepEqual(worker.ended.map(({ outcome }) => outcome.reason), ["target_reset"]);
});

nativeTest(
  "FilteredRelay puts answers behind what waits, and hears no more before they are gone",
  (rig) => {
    using worker = new TcpWorker(rig.libc);
    const heard: number[] = [];
    const fromClient = (bytes: Uint8Array): FilterOutput => {
      heard.push(...bytes);
      return { toClient: bytes, toTarget: null, next: "filter" };
    };
    const fromTarget = (): FilterOutput => ({ toClient: MUCH, toTarget: null, next: "filter" });
    const { client, target } = start(rig, worker, { fromClient, fromTarget });
    rig.send(target, [0]);
    worker.turn();
    rig.send(client, [1]);
    worker.turn();
    rig.send(client, [2]);
    worker.turn();
    assert.deepEqual(heard, [1], "not before the client has taken its answer");
    assertBytes(drain(rig, worker, client), MUCH, Uint8Array.of(1, 2));
    assert.deepEqual(heard, [1, 2]);
  },
);

nativeTest("FilteredRelay goes on with one direction while the other one is stuck", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const fromClient = (): FilterOutput => ({ toClient: null, toTarget: MUCH, next: "filter" });
  const { client, target } = start(rig, worker, { fromClient });
  rig.send(client, [1]);
  worker.turn();
  rig.send(target, [9]);
  worker.turn();
  assertBytes(rig.readAll(client), Uint8Array.of(9));
  assertBytes(drain(rig, worker, target), MUCH);
});

nativeTest("FilteredRelay sends what an end leads to before it passes that on", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const last = Uint8Array.of(8, 8);
  const clientEnded = (): FilterOutput => ({ toClient: last, toTarget: MUCH, next: "filter" });
  const { client, target } = start(rig, worker, { clientEnded });
  rig.libc.shutdown(client, 1);
  worker.turn();
  assertBytes(rig.readAll(client), last);
  assertBytes(drain(rig, worker, target), MUCH);
  assert.ok(hasEnded(rig, target));
});

nativeTest("FilteredRelay has a client read to the end why it ends", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const fromClient = (): FilterOutput => ({ toClient: MUCH, toTarget: null, next: FAULT });
  const { client, target } = start(rig, worker, { fromClient });
  rig.send(client, [1]);
  worker.turn();
  assert.ok(hasEnded(rig, target), "the target is let go at once");
  rig.send(client, [2, 3]);
  worker.turn();
  assertBytes(drain(rig, worker, client), MUCH);
  assert.ok(hasEnded(rig, client));
  assert.deepEqual(worker.ended, [], "it may still be reading");
  rig.close(client);
  worker.turn();
  assert.deepEqual(worker.ended.map(({ outcome }) => outcome), [FAULT]);
});

nativeTest("FilteredRelay ends at once when a client goes that was to read why", (rig) => {
  using worker = new TcpWorker(rig.libc);
  const fromClient = (): FilterOutput => ({ toClient: MUCH, toTarget: null, next: FAULT });
  const { client } = start(rig, worker, { fromClient }, Uint8Array.of(1));
  rig.close(client);
  worker.turn();
  assert.deepEqual(worker.ended.map(({ outcome }) => outcome), [FAULT]);
});
