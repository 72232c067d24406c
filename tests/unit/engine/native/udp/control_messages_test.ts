import assert from "node:assert/strict";
import {
  findLocalIpv4,
  findLocalIpv6,
  readSegmentSize,
  SEGMENT_SIZE_SPACE,
  writeLocalIpv4,
  writeLocalIpv6,
  writeSegmentSize,
} from "../../../../../src/engine/native/udp/control_messages.ts";
import { IPPROTO_UDP, UDP_GRO } from "../../../../../src/engine/native/sys/layout.ts";
import { CONTROL_WORDS } from "../../../../../src/engine/native/udp/message_headers.ts";

Deno.test("local addresses are found where they were written, behind other messages too", () => {
  const words = new Uint32Array(2 * CONTROL_WORDS);
  const start = CONTROL_WORDS;
  const first = writeSegmentSize(words, start, 1_200);
  assert.equal(first, SEGMENT_SIZE_SPACE);
  const bytes = first + writeLocalIpv4(words, start + first / 4, 0x0100007f);
  assert.equal(words[findLocalIpv4(words, start, bytes)], 0x0100007f);
  assert.equal(findLocalIpv4(words, start, first), -1);
  assert.equal(findLocalIpv6(words, start, bytes), -1);
});

Deno.test("an IPv6 address and the size of segments fit into the room of one message", () => {
  const words = new Uint32Array(CONTROL_WORDS);
  const local = writeLocalIpv6(words, 0, Uint32Array.of(9, 1, 2, 3, 4), 1, 7);
  const bytes = local + writeSegmentSize(words, local / 4, 1_200);
  assert.equal(bytes, CONTROL_WORDS * 4);
  const at = findLocalIpv6(words, 0, bytes);
  assert.deepEqual([...words.subarray(at, at + 5)], [1, 2, 3, 4, 7]);
});

Deno.test("readSegmentSize() reads what the kernel says of joined datagrams, and no garbage", () => {
  const words = new Uint32Array(CONTROL_WORDS);
  words.set([20, 0, IPPROTO_UDP, UDP_GRO, 1_200]);
  assert.equal(readSegmentSize(words, 0, 24), 1_200);
  assert.equal(readSegmentSize(words, 0, 0), 0);
  // A length of nothing must not make for an endless search.
  words.fill(0);
  assert.equal(readSegmentSize(words, 0, CONTROL_WORDS * 4), 0);
});
