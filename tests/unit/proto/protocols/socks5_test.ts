import assert from "node:assert/strict";
import { detectSocks5 } from "../../../../src/proto/protocols/socks5.ts";
import { inChunks, matched } from "../../../support/chunks.ts";

Deno.test("detectSocks5() matches a greeting and does not count what follows", () => {
  for (
    const greeting of [
      [5, 1, 0],
      [5, 2, 0, 2],
      [5, 3, 0, 3, 2],
      [5, 4, 0, 1, 2, 0x80],
      [5, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]
  ) {
    const optimistic = Uint8Array.of(...greeting, 5, 1, 0, 1, 10, 0, 0, 1, 0, 80);
    const detected = matched(detectSocks5(optimistic));
    assert.deepEqual([detected.protocol, detected.consumed], ["socks5", greeting.length]);
    assert.deepEqual(inChunks(detectSocks5, optimistic, [1]), detectSocks5(optimistic));
  }
});

Deno.test("detectSocks5() needs more until all methods are there", () => {
  for (const start of [[], [5], [5, 2], [5, 2, 0]]) {
    assert.equal(detectSocks5(Uint8Array.from(start)).kind, "needMore", String(start));
  }
});

Deno.test("detectSocks5() says no to what no client sends, as soon as it shows", () => {
  for (
    const start of [
      [4, 1, 0, 80], // SOCKS4
      [5, 0], // no method at all; also the start of DCE/RPC
      [5, 0x64, 0x0b], // DNP3
      [5, 1, 0x0a], // not assigned
      [5, 1, 0x7f],
      [5, 1, 0xff], // "no acceptable methods" is an answer
      [5, 2, 0, 0],
      [5, 30, 0x99, 0x98, 1, 0, 0], // DNS over TCP: its length, an ID, and what has zeros in it
      [5, 255, 0, 1, 0],
    ]
  ) assert.equal(detectSocks5(Uint8Array.from(start)).kind, "noMatch", String(start));
});
