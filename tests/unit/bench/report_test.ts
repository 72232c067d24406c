import assert from "node:assert/strict";
import { median, pairedRatio, toMarkdown } from "../../../bench/load/report.ts";

Deno.test("median() is the middle value, whatever the order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("pairedRatio() compares rounds pair by pair", () => {
  assert.equal(pairedRatio([10, 20, 90], [10, 10, 30]), 2);
});

Deno.test("toMarkdown() leaves a dash where a peer was not measured", () => {
  const table = toMarkdown([
    { scenario: "a", unit: "x/s", figures: new Map([["ours", [4]], ["peer", [2]]]) },
    { scenario: "b", unit: "x/s", figures: new Map([["ours", [4]]]) },
  ], "ours");
  assert.match(table, /\| a +\| x\/s +\| 4\.00 +\| 2\.00 \(2\.00\) +\|/);
  assert.match(table, /\| b +\| x\/s +\| 4\.00 +\| – +\|/);
});

Deno.test("toMarkdown() writes large figures out", () => {
  const table = toMarkdown([
    { scenario: "a", unit: "x/s", figures: new Map([["ours", [53_456]]]) },
  ], "ours");
  assert.match(table, /\| 53,500 \|/);
});
