/**
 * Laws of CRYPTO reassembly and of variable-length integers.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader } from "../../../../src/proto/bytes.ts";
import { CryptoStream } from "../../../../src/proto/quic/crypto_stream.ts";
import { readVarint } from "../../../../src/proto/quic/varint.ts";
import { encodeVarint } from "../../../support/quic_initial_builder.ts";

/** Few values of bytes, so that pieces of foreign content sometimes agree with what is there. */
const PIECE = fc.record({
  offset: fc.integer({ min: 0, max: 60 }),
  bytes: fc.uint8Array({ min: 0, max: 1, maxLength: 12 }),
});

Deno.test("CryptoStream.insert() keeps the first content of each byte and refuses any other", () => {
  const seen = new Set<string | null>();
  fc.assert(
    fc.property(fc.array(PIECE, { maxLength: 20 }), (pieces) => {
      const stream = new CryptoStream();
      const model = new Map<number, number>();
      for (const { offset, bytes } of pieces) {
        const conflict = bytes.some((byte, i) => (model.get(offset + i) ?? byte) !== byte);
        const fault = stream.insert(offset, bytes);
        seen.add(fault);
        assert.equal(fault, conflict ? "bad_value" : null);
        if (conflict) return; // what a broken stream holds is not read
        bytes.forEach((byte, i) => model.set(offset + i, byte));

        let available = 0;
        while (model.has(available)) available++;
        assert.equal(stream.available, available);
        const expected = Uint8Array.from({ length: available }, (_, i) => model.get(i) ?? -1);
        assert.deepEqual(stream.read(available), expected);
      }
    }),
  );
  assert.deepEqual(seen, new Set([null, "bad_value"]));
});

Deno.test("CryptoStream.insert() gives the same bytes for any order of pieces of one content", () => {
  const content = Uint8Array.from({ length: 200 }, (_, i) => i);
  const range = fc.tuple(fc.nat(200), fc.nat(200));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const stream = new CryptoStream();
      for (const [a, b] of [...ranges, [0, 200] as const]) {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        assert.equal(stream.insert(start, content.subarray(start, end)), null);
      }
      assert.equal(stream.available, 200);
      assert.deepEqual(stream.read(200), content);
    }),
  );
});

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
