import assert from "node:assert/strict";
import { DescriptorTable } from "../../../../../src/engine/native/sys/descriptor_table.ts";
import { EAGAIN } from "../../../../../src/engine/native/sys/errno.ts";
import { type Pipe, PipePool } from "../../../../../src/engine/native/tcp/pipe_pool.ts";
import { MAX_SPARE_PIPES } from "../../../../../src/model/limits.ts";
import { nativeTest } from "./native_test_case.ts";

const OWNER = 7;

nativeTest("Pipe moves bytes from socket to socket", (rig) => {
  const [client, near] = rig.pair();
  const [far, target] = rig.pair();
  const pool = new PipePool(rig.libc, DescriptorTable.create(4096), OWNER);
  const pipe = take(pool);
  assert.equal(pipe.readFrom(near), -EAGAIN);
  rig.send(client, [1, 2, 3, 4]);
  assert.equal(pipe.readFrom(near), 4);
  assert.equal(pipe.length, 4);
  assert.equal(pipe.writeTo(rig.libc, far), 4);
  assert.equal(pipe.length, 0);
  assert.deepEqual([...rig.readAll(target)], [1, 2, 3, 4]);
  rig.close(client);
  assert.equal(pipe.readFrom(near), 0);
  pipe.release();
  pool.close();
});

nativeTest("PipePool hands an empty pipe out again, and closes one that is not empty", (rig) => {
  const [client, near] = rig.pair();
  const table = DescriptorTable.create(4096);
  const pool = new PipePool(rig.libc, table, OWNER);
  const first = take(pool);
  first.release();
  assert.equal(pool.take(), first);
  rig.send(client, [1]);
  assert.equal(first.readFrom(near), 1);
  first.release();
  assert.deepEqual(table.ownedBy(OWNER), []);
  const second = take(pool);
  assert.notEqual(second, first);
  assert.equal(second.readFrom(near), -EAGAIN);
  second.release();
  pool.close();
  assert.deepEqual(table.ownedBy(OWNER), []);
});

nativeTest("PipePool keeps no more than so many spare pipes", (rig) => {
  const table = DescriptorTable.create(4096);
  const pool = new PipePool(rig.libc, table, OWNER);
  const pipes = Array.from({ length: MAX_SPARE_PIPES + 3 }, () => take(pool));
  assert.equal(table.ownedBy(OWNER).length, 2 * pipes.length);
  for (const pipe of pipes) pipe.release();
  assert.equal(table.ownedBy(OWNER).length, 2 * MAX_SPARE_PIPES);
  pool.close();
  assert.deepEqual(table.ownedBy(OWNER), []);
});

function take(pool: PipePool): Pipe {
  return pool.take() ?? assert.fail("the system has no pipe");
}
