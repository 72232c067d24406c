import assert from "node:assert/strict";
import { median, pairedRatio, percentile } from "../../../bench/load/report/statistics.ts";

Deno.test("median() is the middle value, whatever the order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("pairedRatio() compares rounds pair by pair", () => {
  assert.equal(pairedRatio([10, 20, 90], [10, 10, 30]), 2);
});

Deno.test("pairedRatio() leaves rounds out that only one has", () => {
  assert.equal(pairedRatio([10, 20], [10, 10, 1, 1]), 1.5);
  assert.equal(pairedRatio([10, 20, 1, 1], [10, 10]), 1.5);
});

Deno.test("percentile() is the value at the nearest rank", () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile(hundred, 0), 1);
  assert.equal(percentile([7], 0.5), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});
