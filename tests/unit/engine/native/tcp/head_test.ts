import assert from "node:assert/strict";
import fc from "fast-check";
import { BufferPool } from "../../../../../src/engine/buffer_pool.ts";
import { Head } from "../../../../../src/engine/native/tcp/head.ts";

Deno.test("Head holds all bytes in order, however they come", () => {
  const pool = new BufferPool();
  const chunks = fc.array(fc.uint8Array({ maxLength: 9_000 }), { maxLength: 12 });
  fc.assert(fc.property(chunks, (parts) => {
    const head = new Head(pool);
    const all: number[] = [];
    for (const part of parts) {
      head.append(part);
      all.push(...part);
    }
    assert.equal(head.length, all.length);
    assert.deepEqual([...head.bytes], all);
    head.release();
    assert.equal(head.length, 0);
  }));
});

Deno.test("Head takes no memory while it is empty, and gives back what it took", () => {
  const pool = new BufferPool();
  const head = new Head(pool);
  assert.equal(head.bytes.buffer.byteLength, 0);
  head.append(Uint8Array.of(1, 2, 3));
  const { buffer } = head.bytes;
  head.release();
  assert.equal(pool.take(buffer.byteLength).buffer, buffer);
});
