/**
 * Laws of variable-length integers.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader } from "../../../../src/proto/bytes.ts";
import { readVarint } from "../../../../src/proto/quic/varint.ts";
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
