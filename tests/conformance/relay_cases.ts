/**
 * What becomes of the bytes of a relayed TCP connection.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { ascii, pattern, readAll, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { TcpBackend, TcpPeer, World } from "./world.ts";
import { MOST_BUFFERED, writeUntilStuck } from "./write_until_stuck.ts";

/** A client that is relayed to a backend, both in the test's hands. */
interface Connected {
  readonly rig: Rig;
  readonly backend: TcpBackend;
  readonly client: TcpPeer;
  readonly target: TcpPeer;
}

const MIB = 1024 * 1024;

export const RELAY_CASES: Cases = {
  "forwards bytes verbatim both ways": async (world) => {
    const { client, target, rig } = await connect(world);
    const [up, down] = [pattern(300_000, 1), pattern(200_000, 2)];
    const [received, answered] = await Promise.all([
      readExactly(target, up.length),
      readExactly(client, down.length),
      client.write(up),
      target.write(down),
    ]);
    assert.deepEqual(received, up);
    assert.deepEqual(answered, down);
    await endInOrder({ client, target });
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "done");
    assert.equal(flow?.end.bytesUp, up.length);
    assert.equal(flow?.end.bytesDown, down.length);
  },

  "passes a client's half-close on and the answer back": async (world) => {
    const { client, target, rig } = await connect(world);
    await client.write(ascii("question"));
    await client.closeWrite();
    assert.equal(text(await readAll(target)), "question");
    await target.write(ascii("answer"));
    await target.closeWrite();
    assert.equal(text(await readAll(client)), "answer");
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "done");
  },

  "passes a target's half-close on and goes on upwards": async (world) => {
    const { client, target, rig } = await connect(world);
    await target.write(ascii("greeting"));
    await target.closeWrite();
    assert.equal(text(await readAll(client)), "greeting");
    await client.write(ascii("late "));
    await client.write(ascii("upload"));
    await client.closeWrite();
    assert.equal(text(await readAll(target)), "late upload");
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "done");
  },

  "ends the target at once when the client is reset": async (world) => {
    const { client, target, rig } = await connect(world);
    client.reset();
    await waitForEnd(target);
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "client_reset");
  },

  "ends the client at once when the target is reset": async (world) => {
    const { client, target, rig } = await connect(world);
    target.reset();
    await waitForEnd(client);
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "target_reset");
  },

  "abandons what a stalled target has not read when the client is reset": async (world) => {
    const { client, rig } = await connect(world);
    await writeUntilStuck(world, client);
    client.reset();
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "client_reset");
  },

  "abandons what a stalled client has not read when the target is reset": async (world) => {
    const { target, rig } = await connect(world);
    await writeUntilStuck(world, target);
    target.reset();
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "target_reset");
  },

  "ends the target when a half-closed client is reset": async (world) => {
    const { client, target, rig } = await connect(world);
    await client.write(ascii("question"));
    await client.closeWrite();
    assert.equal(text(await readAll(target)), "question");
    client.reset();
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "client_reset");
  },

  "ends the client when a half-closed target is reset": async (world) => {
    const { client, target, rig } = await connect(world);
    await target.write(ascii("greeting"));
    await target.closeWrite();
    assert.equal(text(await readAll(client)), "greeting");
    target.reset();
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "target_reset");
  },

  "takes no more from a client than a target reads": async (world) => {
    const { client, target } = await connect(world);
    const written = await writeUntilStuck(world, client);
    assert.ok(written < MOST_BUFFERED, `${written} bytes were taken`);
    // And all of it is still there, once the target reads.
    const received = readAll(target);
    await client.closeWrite();
    assert.equal((await received).length, written);
  },

  "takes no more from a target than a client reads": async (world) => {
    const { client, target } = await connect(world);
    const written = await writeUntilStuck(world, target);
    assert.ok(written < MOST_BUFFERED, `${written} bytes were taken`);
    const received = readAll(client);
    await target.closeWrite();
    assert.equal((await received).length, written);
  },

  "carries 64 MiB both ways at once without a byte changed": async (world) => {
    const { client, target } = await connect(world);
    const [up, down] = [pattern(MIB, 3), pattern(MIB, 4)];
    const received = [assertRepeats(target, up, 64), assertRepeats(client, down, 64)];
    await Promise.all([writeTimes(client, up, 64), writeTimes(target, down, 64)]);
    // Not before both have written, as in the law of the relay.
    await Promise.all([client.closeWrite(), target.closeWrite()]);
    await Promise.all(received);
  },

  "ends a connection on which nothing moves": async (world) => {
    const { client, target, rig } = await connect(
      world,
      (backend) => toDefault("tcp", backend.target, { idleMs: 100 }),
    );
    assert.equal(await waitForEnd(client), "eof");
    await waitForEnd(target);
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "idle");
  },
};

async function connect(
  world: World,
  routes: (backend: TcpBackend) => Partial<Snapshot> = ({ target }) => toDefault("tcp", target),
): Promise<Connected> {
  const backend = await world.startBackend();
  const { rig, address } = await Rig.start(world, "tcp", routes(backend));
  const client = await world.connect(address);
  const target = await backend.accept();
  await rig.until(() => rig.started.length === 1);
  return { rig, backend, client, target };
}

async function endInOrder({ client, target }: Pick<Connected, "client" | "target">): Promise<void> {
  await Promise.all([client.closeWrite(), target.closeWrite(), readAll(client), readAll(target)]);
}

async function writeTimes(peer: TcpPeer, bytes: Uint8Array, times: number): Promise<void> {
  for (let count = 0; count < times; count++) await peer.write(bytes);
}

/** Reads to the end, and compares all with `bytes`, `times` in a row. */
async function assertRepeats(peer: TcpPeer, bytes: Uint8Array, times: number): Promise<void> {
  let offset = 0;
  for (let chunk = await peer.read(); chunk !== null; chunk = await peer.read()) {
    for (let done = 0; done < chunk.length;) {
      const at = (offset + done) % bytes.length;
      const part = chunk.subarray(done, done + bytes.length - at);
      const expected = bytes.subarray(at, at + part.length);
      assert.equal(Buffer.compare(part, expected), 0, `bytes differ after ${offset + done}`);
      done += part.length;
    }
    offset += chunk.length;
  }
  assert.equal(offset, bytes.length * times);
}
