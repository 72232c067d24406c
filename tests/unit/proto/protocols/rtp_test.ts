import assert from "node:assert/strict";
import { detectRtp } from "../../../../src/proto/protocols/rtp.ts";

const SSRC = [1, 2, 3, 4];

const rtp = (sequence: number, first = 0x80, type = 0, ...behind: number[]) =>
  Uint8Array.of(first, type, sequence >> 8, sequence, 0, 0, 0, 1, ...SSRC, ...behind);
const next = rtp(2);

Deno.test("detectRtp() waits for a second packet of RTP, and for no third", () => {
  assert.equal(detectRtp([]).kind, "needMore");
  assert.equal(detectRtp([rtp(1)]).kind, "needMore");
  assert.equal(detectRtp([rtp(1), next]).kind, "match");
  assert.equal(detectRtp([rtp(1), Uint8Array.of(0x80)]).kind, "noMatch");
});

Deno.test("detectRtp() takes sequence numbers that are near, as RFC 3550 §A.1 counts", () => {
  const after = (step: number) => detectRtp([rtp(50), rtp(50 + step & 0xffff)]).kind;
  for (const step of [1, 2999, -1, -51, -100]) assert.equal(after(step), "match", `${step}`);
  for (const step of [0, 3000, 32_768, -101]) assert.equal(after(step), "noMatch", `${step}`);
});

Deno.test("detectRtp() wants version 2 and no type of RTCP", () => {
  for (const first of [0x00, 0x40, 0xc0]) assert.equal(detectRtp([rtp(1, first)]).kind, "noMatch");
  for (const type of [192, 200, 223]) assert.equal(detectRtp([rtp(1, 0x80, type)]).kind, "noMatch");
  for (const type of [0, 127, 191, 224]) {
    assert.equal(detectRtp([rtp(1, 0x80, type)]).kind, "needMore");
  }
});

Deno.test("detectRtp() wants room for sources, extension and padding", () => {
  const fits = (first: number, ...behind: number[]) =>
    detectRtp([rtp(1, first, 0, ...behind)]).kind === "needMore";
  assert(fits(0x81, 0, 0, 0, 0));
  assert(!fits(0x81, 0, 0, 0));
  assert(fits(0x90, 0xbe, 0xde, 0, 1, 0, 0, 0, 0));
  assert(!fits(0x90, 0xbe, 0xde, 0, 1, 0, 0, 0));
  assert(!fits(0x90, 0xbe, 0xde));
  assert(fits(0xa0, 0, 2));
  assert(!fits(0xa0, 0, 3));
  assert(!fits(0xa0, 0, 0));
});

Deno.test("detectRtp() knows RTCP by one datagram that is packets to its end", () => {
  const receiver = [0x80, 201, 0, 1, ...SSRC];
  const bye = [0x81, 203, 0, 1, ...SSRC];
  const sender = [0x80, 200, 0, 6, ...SSRC, ...new Uint8Array(20)];
  const kindOf = (...bytes: number[]) => detectRtp([Uint8Array.from(bytes)]).kind;
  assert.equal(kindOf(...receiver), "match");
  assert.equal(kindOf(...sender, ...bye), "match");
  assert.equal(kindOf(...bye, ...receiver), "noMatch", "no report in front");
  assert.equal(kindOf(...receiver, 0), "noMatch");
  assert.equal(kindOf(...receiver, 0x41, ...bye.slice(1)), "noMatch", "version 1 behind it");
  assert.equal(kindOf(...receiver, 0x80, 96, 0, 1, ...SSRC), "noMatch", "RTP behind it");
  assert.equal(kindOf(0x81, ...receiver.slice(1)), "noMatch", "the block it counts is missing");
  assert.equal(kindOf(0x80, 200, 0, 1, ...SSRC), "noMatch", "too short for a sender");
});

Deno.test("detectRtp() takes RTCP behind RTP if it is of the same source", () => {
  const report = Uint8Array.of(0x80, 201, 0, 1, ...SSRC);
  assert.equal(detectRtp([rtp(1), report]).kind, "match");
  report[7] = 5;
  assert.equal(detectRtp([rtp(1), report]).kind, "noMatch");
});
