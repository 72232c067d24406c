import assert from "node:assert/strict";
import { formatTimestamp } from "../../../src/ops/timestamp.ts";

Deno.test("formatTimestamp() agrees with Date, whatever was written before", () => {
  const start = Date.UTC(2024, 1, 28, 23, 59, 58, 990);
  for (const offset of [0, 1, 9, 10, 99, 1_000, 1_009, 1_010, 86_401_000, 5, 0, -start, 1e12]) {
    const time = start + offset;
    assert.equal(formatTimestamp(time), new Date(time).toISOString());
    assert.equal(formatTimestamp(time + 0.9), new Date(time).toISOString());
  }
});
