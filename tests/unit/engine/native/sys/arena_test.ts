import assert from "node:assert/strict";
import { Arena } from "../../../../../src/engine/native/sys/arena.ts";
import { Descriptors } from "../../../../support/descriptors.ts";
import { needs } from "../../../../support/needs.ts";

needs("Linux")("setPointer() writes where bytes are, in this arena and in another", () => {
  using descriptors = new Descriptors();
  const { libc } = descriptors;
  const a = new Arena(libc, 64);
  const b = new Arena(libc, 64);
  a.setPointer(0, 0);
  a.setPointer(8, 24);
  a.setPointer(16, 0, b);
  a.setPointer(24, 64, b);
  const addressOfA = BigInt(libc.addressOf(a.bytes.buffer));
  const addressOfB = BigInt(libc.addressOf(b.bytes.buffer));
  assert.deepEqual([0, 8, 16, 24].map((offset) => a.view.getBigUint64(offset, true)), [
    addressOfA,
    addressOfA + 24n,
    addressOfB,
    addressOfB + 64n,
  ]);
  assert.equal(
    addressOfA,
    Deno.UnsafePointer.value(Deno.UnsafePointer.of(a.bytes)),
    "as Deno has it",
  );
  a.clearPointer(8);
  assert.equal(a.view.getBigUint64(8, true), 0n);
});

needs("Linux")("setPointer() makes no pointer out of an arena", () => {
  using descriptors = new Descriptors();
  const a = new Arena(descriptors.libc, 64);
  const b = new Arena(descriptors.libc, 16);
  assert.throws(() => a.setPointer(0, 17, b), RangeError);
  assert.throws(() => a.setPointer(0, -1), RangeError);
  assert.throws(() => a.setPointer(0, NaN), RangeError);
  assert.throws(() => a.setPointer(60, 0), RangeError);
  assert.throws(() => a.setPointer(64, 0), RangeError);
});
