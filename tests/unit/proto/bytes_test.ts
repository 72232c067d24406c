import assert from "node:assert/strict";
import { latin1, Reader } from "../../../src/proto/bytes.ts";

const BYTES = Uint8Array.of(0x01, 0x02, 0x03, 0xff, 0xfe, 0xfd, 0xfc, 0x08, 0x09, 0x0a);

Deno.test("Reader reads big-endian integers one after the other", () => {
  const reader = new Reader(BYTES);
  assert.equal(reader.u8(), 0x01);
  assert.equal(reader.u16(), 0x0203);
  assert.equal(reader.u32(), 0xfffefdfc);
  assert.equal(reader.u24(), 0x08090a);
  assert(reader.complete);
});

Deno.test("Reader yields zero and stays overrun when it reads past the end", () => {
  for (const read of ["u8", "u16", "u24", "u32"] as const) {
    const width = Number(read.slice(1)) / 8;
    const reader = new Reader(BYTES, BYTES.length - width + 1);
    assert.equal(reader[read](), 0, read);
    assert(reader.overrun);
    assert.equal(reader.remaining, 0);
    assert.equal(reader.u8(), 0);
    assert(!reader.complete);
  }
});

Deno.test("Reader.take() gives a view, and nothing when there is too little", () => {
  const reader = new Reader(BYTES);
  const taken = reader.take(3);
  assert.deepEqual(taken, BYTES.slice(0, 3));
  assert.equal(taken.buffer, BYTES.buffer);
  assert.equal(reader.take(8).length, 0);
  assert(reader.overrun);
});

Deno.test("Reader.sub() bounds what it covers and keeps the offsets of the array", () => {
  const reader = new Reader(BYTES);
  reader.skip(2);
  const inner = reader.sub(3);
  assert.equal(inner.offset, 2);
  assert.equal(inner.remaining, 3);
  inner.skip(3);
  assert(inner.complete);
  assert.equal(inner.u8(), 0);
  assert(inner.overrun);
  assert.equal(reader.offset, 5);
  assert(!reader.overrun);
});

Deno.test("Reader.sub() is overrun from the start when it does not fit", () => {
  const reader = new Reader(BYTES);
  const inner = reader.sub(11);
  assert(inner.overrun);
  assert.equal(inner.remaining, 0);
  assert(!inner.complete);
  assert(reader.overrun);
});

Deno.test("Reader stays overrun for what it reads next, even for nothing", () => {
  const reader = new Reader(Uint8Array.of(0));
  assert(reader.sub(reader.u16()).overrun); // a length that is cut is not a length of zero
});

Deno.test("Reader.rest() gives what is left within its range", () => {
  assert.deepEqual(new Reader(BYTES, 2, 5).rest(), BYTES.slice(2, 5));
  assert.equal(new Reader(BYTES, 20, 30).rest().length, 0);
});

Deno.test("latin1() gives one character a byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(Array.from(latin1(all), (c) => c.charCodeAt(0)), [...all]);
});
