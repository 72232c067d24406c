/**
 * Laws of variable-length integers.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader } from "../../../../src/proto/bytes.ts";
import { readVarint, varintLength, writeVarint } from "../../../../src/proto/quic/varint.ts";
import { encodeVarint } from "../../../support/quic_initial_builder.ts";

Deno.test("readVarint() reads back what was written, in every length that holds it", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(1, 2, 4, 8), (value, length) => {
      const fitting = value % 2 ** Math.min(53, 8 * length - 2);
      const reader = new Reader(encodeVarint(fitting, length));
      assert.equal(readVarint(reader), fitting);
      assert(reader.complete);
    }),
  );
});

Deno.test("writeVarint() writes the shortest encoding, where it belongs", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 30 - 1), fc.nat(3), fc.nat(23), (value, start, shift) => {
      const small = value >>> shift;
      const into = new Uint8Array(8);
      const end = writeVarint(into, start, small);
      assert.deepEqual(into.subarray(start, end), encodeVarint(small));
      assert.equal(varintLength(small), end - start);
      assert(into.subarray(end).every((byte) => byte === 0));
    }),
  );
});
