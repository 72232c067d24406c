import assert from "node:assert/strict";
import { detectStunDatagrams, detectStunStream } from "../../../../src/proto/protocols/stun.ts";
import { matched } from "../../../support/chunks.ts";

const TRANSACTION = new Uint8Array(12).fill(0x5a);
const COOKIE = [0x21, 0x12, 0xa4, 0x42];

const message = (type: number, length: number, cookie: readonly number[] = COOKIE) =>
  Uint8Array.of(type >> 8, type, length >> 8, length, ...cookie, ...TRANSACTION);

Deno.test("detectStunStream() says no at the first byte that no message has", () => {
  const whole = message(1, 0);
  const broken: readonly [offset: number, byte: number][] = [
    [0, 4],
    [3, 1],
    [4, 0x20],
    [5, 0x13],
    [6, 0xa5],
    [7, 0x43],
  ];
  for (const [offset, byte] of broken) {
    const upToIt = whole.slice(0, 10);
    upToIt[offset] = byte;
    assert.equal(detectStunStream(whole.subarray(0, offset)).kind, "needMore");
    assert.equal(detectStunStream(upToIt).kind, "noMatch", `at ${offset}`);
  }
});

Deno.test("detectStunStream() needs eight bytes of a message, and ten of one in a frame", () => {
  const alone = message(3, 400);
  assert.equal(detectStunStream(alone.subarray(0, 7)).kind, "needMore");
  assert.equal(matched(detectStunStream(alone.subarray(0, 8))).consumed, 8);
  const framed = Uint8Array.of(0, 20, ...message(1, 0));
  assert.equal(detectStunStream(framed.subarray(0, 9)).kind, "needMore");
  assert.equal(matched(detectStunStream(framed.subarray(0, 10))).consumed, 10);
});

Deno.test("detectStunStream() wants the length of a frame to be that of its message, below a KiB", () => {
  const framed = (frame: number, length: number) =>
    detectStunStream(Uint8Array.of(frame >> 8, frame, ...message(1, length))).kind;
  assert.equal(framed(24, 4), "match");
  assert.equal(framed(23, 4), "noMatch");
  assert.equal(framed(1020, 1000), "match");
  assert.equal(framed(1024, 1004), "noMatch");
});

Deno.test("detectStunDatagrams() takes every class and method that can be, if the length agrees", () => {
  for (const type of [0x0001, 0x0011, 0x0101, 0x0111, 0x0003, 0x03ff]) {
    assert.equal(detectStunDatagrams([message(type, 0)]).kind, "match", String(type));
    assert.equal(detectStunDatagrams([message(type, 4)]).kind, "noMatch", "too short");
  }
  for (const type of [0x0401, 0x4001, 0x8001]) {
    assert.equal(detectStunDatagrams([message(type, 0)]).kind, "noMatch", String(type));
  }
});

Deno.test("detectStunDatagrams() takes nothing but a binding request without the cookie", () => {
  for (const type of [0x0002, 0x0003, 0x0101]) {
    assert.equal(detectStunDatagrams([message(type, 0, [9, 9, 9, 9])]).kind, "noMatch");
  }
  const withAttributes = (...attributes: number[]) =>
    detectStunDatagrams([
      Uint8Array.of(...message(1, attributes.length, [9, 9, 9, 9]), ...attributes),
    ]).kind;
  assert.equal(withAttributes(), "match");
  assert.equal(withAttributes(0, 6, 0, 4, 1, 2, 3, 4, 0, 3, 0, 0), "match");
  assert.equal(withAttributes(0, 6, 0, 3, 1, 2, 3, 4), "noMatch", "not padded");
  assert.equal(withAttributes(0, 6, 0, 8, 1, 2, 3, 4), "noMatch", "too long");
});
