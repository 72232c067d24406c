import assert from "node:assert/strict";
import { BufferPool } from "../../../../src/engine/buffer_pool.ts";
import { ReadBuffer } from "../../../../src/engine/streams/read_buffer.ts";
import { INITIAL_READ_BUFFER, MAX_READ_BUFFER } from "../../../../src/model/limits.ts";

Deno.test("ReadBuffer.fit() grows while reads fill it, up to the limit", () => {
  using buffer = new ReadBuffer(new BufferPool());
  const sizes: number[] = [];
  for (let read = 0; read < 9; read++) {
    sizes.push(buffer.bytes.length);
    buffer.fit(buffer.bytes.length);
  }
  const doubled = [1, 2, 4, 8, 16, 32, 64, 64, 64].map((factor) => factor * INITIAL_READ_BUFFER);
  assert.deepEqual(sizes, doubled);
  assert.equal(sizes.at(-1), MAX_READ_BUFFER);
});

Deno.test("ReadBuffer.fit() waits in the small buffer after a read that left room", () => {
  using buffer = new ReadBuffer(new BufferPool());
  for (let read = 0; read < 6; read++) buffer.fit(buffer.bytes.length);
  const large = buffer.bytes.length;
  buffer.fit(large - 1);
  assert.equal(buffer.bytes.length, INITIAL_READ_BUFFER);
  // And it needs one full read only to be as large as before.
  buffer.fit(INITIAL_READ_BUFFER);
  assert.equal(buffer.bytes.length, large);
});

Deno.test("ReadBuffer.fit() forgets a size that is no longer needed", () => {
  using buffer = new ReadBuffer(new BufferPool());
  for (let read = 0; read < 6; read++) buffer.fit(buffer.bytes.length);
  const large = buffer.bytes.length;
  buffer.fit(large / 4 - 1);
  buffer.fit(INITIAL_READ_BUFFER);
  assert.equal(buffer.bytes.length, large / 2);
});

Deno.test("BufferPool.take() hands out again what was given back", () => {
  const pool = new BufferPool();
  const first = pool.take(8_192);
  pool.give(first);
  assert.equal(pool.take(8_192), first);
  assert.notEqual(pool.take(8_192), first);
});

Deno.test("ReadBuffer gives its buffer back when it is disposed of", () => {
  const pool = new BufferPool();
  let bytes: Uint8Array;
  {
    using buffer = new ReadBuffer(pool);
    bytes = buffer.bytes;
  }
  assert.equal(pool.take(INITIAL_READ_BUFFER), bytes);
});
