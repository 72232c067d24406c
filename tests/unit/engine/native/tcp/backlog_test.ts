import assert from "node:assert/strict";
import { BufferPool } from "../../../../../src/engine/buffer_pool.ts";
import { EAGAIN } from "../../../../../src/engine/native/sys/errno.ts";
import { HeldBytes } from "../../../../../src/engine/native/tcp/backlog.ts";
import { nativeTest } from "./native_test_case.ts";

nativeTest("HeldBytes gets out in pieces, in order, as the socket takes them", (rig) => {
  const [from, to] = rig.pair();
  const bytes = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const held = new HeldBytes(new BufferPool(), bytes);
  const received: number[] = [];
  let stalls = 0;
  while (held.length > 0) {
    const before = held.length;
    const count = held.writeTo(rig.libc, from);
    if (count === -EAGAIN) {
      stalls++;
      for (const byte of rig.readAll(to)) received.push(byte);
      continue;
    }
    assert.equal(held.length, before - count);
  }
  for (const byte of rig.readAll(to)) received.push(byte);
  assert.ok(stalls > 0);
  assert.deepEqual(Uint8Array.from(received), bytes);
});

nativeTest("HeldBytes holds a copy, and gives its buffer back when it is released", (rig) => {
  const [from, to] = rig.pair();
  const pool = new BufferPool();
  const bytes = Uint8Array.of(1, 2, 3);
  const held = new HeldBytes(pool, bytes);
  bytes.fill(9);
  assert.deepEqual([...held.bytes], [1, 2, 3]);
  assert.equal(held.writeTo(rig.libc, from), 3);
  assert.deepEqual([...rig.readAll(to)], [1, 2, 3]);
  const { buffer } = held.bytes;
  held.release();
  assert.equal(held.length, 0);
  assert.equal(pool.take(buffer.byteLength).buffer, buffer);
});
