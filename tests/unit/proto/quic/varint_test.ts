/**
 * Variable-length integers: the samples of RFC 9000 Appendix A.1 and the edges of each length.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Reader } from "../../../../src/proto/bytes.ts";
import { readVarint } from "../../../../src/proto/quic/varint.ts";
import { encodeVarint } from "../../../support/quic_initial_builder.ts";

Deno.test("readVarint() reads the samples of RFC 9000 Appendix A.1", () => {
  const samples: [string, number][] = [
    ["9d7f3e7d", 494_878_333],
    ["7bbd", 15_293],
    ["25", 37],
    ["4025", 37],
    // 151,288,809,941,952,652, rounded as numbers above 2^53 are
    ["c2197c5eff14e88c", Number(151_288_809_941_952_652n)],
  ];
  for (const [hex, value] of samples) {
    const reader = new Reader(Uint8Array.fromHex(hex));
    assert.equal(readVarint(reader), value, hex);
    assert(reader.complete, hex);
  }
});

Deno.test("readVarint() reads the least and the greatest value of each length", () => {
  for (
    const [length, greatest] of [[1, 2 ** 6 - 1], [2, 2 ** 14 - 1], [4, 2 ** 30 - 1], [
      8,
      2 ** 53 - 1,
    ]] as const
  ) {
    for (const value of [0, 1, greatest - 1, greatest]) {
      const reader = new Reader(encodeVarint(value, length));
      assert.equal(readVarint(reader), value, `${value} in ${length} bytes`);
      assert(reader.complete);
    }
  }
});

Deno.test("readVarint() overruns where bytes are missing", () => {
  for (const length of [1, 2, 4, 8]) {
    const bytes = encodeVarint(5, length);
    for (let cut = 0; cut < length; cut++) {
      const reader = new Reader(bytes, 0, cut);
      readVarint(reader);
      assert(reader.overrun, `${cut} of ${length} bytes`);
    }
  }
});
