/**
 * Laws of handshake reassembly.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HandshakeStream } from "../../../../src/proto/tls/handshake_stream.ts";

/** Few values of bytes, so that pieces of foreign content sometimes agree with what is there. */
const PIECE = fc.record({
  offset: fc.integer({ min: 0, max: 60 }),
  bytes: fc.uint8Array({ min: 0, max: 1, maxLength: 12 }),
});

Deno.test("HandshakeStream.insert() keeps the first content of each byte and refuses any other", () => {
  const seen = new Set<string | null>();
  fc.assert(
    fc.property(fc.array(PIECE, { maxLength: 20 }), (pieces) => {
      const stream = new HandshakeStream();
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

Deno.test("HandshakeStream.insert() gives the same bytes for any order of pieces of one content", () => {
  const content = Uint8Array.from({ length: 200 }, (_, i) => i);
  const range = fc.tuple(fc.nat(200), fc.nat(200));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const stream = new HandshakeStream();
      for (const [a, b] of [...ranges, [0, 200] as const]) {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        assert.equal(stream.insert(start, content.subarray(start, end)), null);
      }
      assert.equal(stream.available, 200);
      assert.deepEqual(stream.read(200), content);
    }),
  );
});
