/**
 * Reassembly of handshake data.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_CLIENT_HELLO, MAX_CRYPTO_SEGMENTS } from "../../../../src/model/limits.ts";
import { HandshakeStream, SegmentRoom } from "../../../../src/proto/tls/handshake_stream.ts";

Deno.test("HandshakeStream.insert() puts pieces of any order together", () => {
  const stream = new HandshakeStream();
  assert.equal(stream.insert(4, bytes(4, 8)), null);
  assert.equal(stream.available, 0);
  assert.equal(stream.insert(0, bytes(0, 2)), null);
  assert.equal(stream.available, 2);
  assert.equal(stream.insert(2, bytes(2, 4)), null);
  assert.equal(stream.available, 8);
  assert.deepEqual(stream.read(8), bytes(0, 8));
  assert.deepEqual(stream.read(5), bytes(0, 5));
  assert.deepEqual(stream.read(1), bytes(0, 1));
});

Deno.test("HandshakeStream.insert() fills several gaps with one piece", () => {
  const stream = new HandshakeStream();
  for (const start of [2, 5, 9]) stream.insert(start, bytes(start, start + 2));
  assert.equal(stream.insert(1, bytes(1, 14)), null);
  assert.equal(stream.available, 0);
  assert.equal(stream.insert(0, bytes(0, 1)), null);
  assert.equal(stream.available, 14);
  assert.deepEqual(stream.read(14), bytes(0, 14));
});

Deno.test("HandshakeStream.insert() takes repeated and empty pieces", () => {
  const stream = new HandshakeStream();
  for (let i = 0; i < 2 * MAX_CRYPTO_SEGMENTS; i++) {
    assert.equal(stream.insert(0, bytes(0, 8)), null);
    assert.equal(stream.insert(3, bytes(3, 5)), null);
    assert.equal(stream.insert(i, new Uint8Array(0)), null);
  }
  assert.deepEqual(stream.read(stream.available), bytes(0, 8));
});

Deno.test("HandshakeStream.insert() refuses other content at the same offset", () => {
  for (const offset of [0, 3, 7, 8, 11]) {
    const stream = new HandshakeStream();
    stream.insert(0, bytes(0, 8));
    stream.insert(8, bytes(8, 12));
    assert.equal(stream.insert(offset, Uint8Array.of(200)), "bad_value", `offset ${offset}`);
    assert.deepEqual(stream.read(12), bytes(0, 12), "the first content stays");
  }
});

Deno.test("HandshakeStream.insert() refuses what ends past the greatest ClientHello", () => {
  const stream = new HandshakeStream();
  assert.equal(stream.insert(MAX_CLIENT_HELLO - 1, Uint8Array.of(1)), null);
  assert.equal(stream.insert(MAX_CLIENT_HELLO - 1, Uint8Array.of(1, 2)), "too_long");
  assert.equal(stream.insert(MAX_CLIENT_HELLO, Uint8Array.of(1)), "too_long");
  assert.equal(stream.insert(2 ** 62, Uint8Array.of(1)), "too_long");
});

Deno.test("HandshakeStream.insert() refuses more segments than are held", () => {
  const stream = new HandshakeStream();
  for (let i = 0; i < MAX_CRYPTO_SEGMENTS; i++) {
    assert.equal(stream.insert(2 * i, Uint8Array.of(i)), null);
  }
  assert.equal(stream.insert(2 * MAX_CRYPTO_SEGMENTS, Uint8Array.of(0)), "too_long");
});

Deno.test("HandshakeStream.insert() refuses more segments than streams hold that share their room", () => {
  const room = new SegmentRoom();
  const [stream, other] = [new HandshakeStream(room), new HandshakeStream(room)];
  for (let i = 0; i < MAX_CRYPTO_SEGMENTS; i++) {
    assert.equal((i % 2 === 0 ? stream : other).insert(2 * i, Uint8Array.of(i)), null);
  }
  for (const full of [stream, other]) {
    assert.equal(full.insert(2 * MAX_CRYPTO_SEGMENTS, Uint8Array.of(0)), "too_long");
  }
});

/** The content of a test stream: each byte is its offset. */
function bytes(start: number, end: number): Uint8Array {
  return Uint8Array.from({ length: end - start }, (_, i) => start + i);
}
