import assert from "node:assert/strict";
import { compare } from "../../../bench/load/report/compare.ts";
import {
  comparisonsTable,
  figuresTable,
  omissionsList,
} from "../../../bench/load/report/markdown.ts";
import { row } from "./rows.ts";

Deno.test("figuresTable() has the medians, and a dash where there is no figure", () => {
  const table = figuresTable([
    row({ ours: [4, 2, 9], peer: [53_456] }),
    row({ ours: [1], peer: [NaN] }, { scenario: "more" }),
    row({ ours: [1] }, { scenario: "most" }),
  ], ["ours", "peer", "absent"]);
  assert.deepEqual(table.split("\n"), [
    "| scenario | unit | ours | peer |",
    "| --- | --- | ---: | ---: |",
    "| requests | requests/s | 4.00 | 53,500 |",
    "| more | requests/s | 1.00 | – |",
    "| most | requests/s | 1.00 | – |",
    "",
  ]);
});

Deno.test("figuresTable() marks figures of proxies that were not busy under a load that should make them so", () => {
  const busy = new Map([["ours", [0.5]], ["peer", [0.95]]]);
  const saturated = row({ ours: [100], peer: [100] }, { saturating: true, busy });
  const table = figuresTable([saturated], ["ours", "peer"]);
  assert.match(table, /\| ≈ 100 \| 100 \|/);
  assert.match(table, /^≈: .+ less than 85 %/m);
  assert.doesNotMatch(figuresTable([{ ...saturated, saturating: false }], ["ours"]), /≈/);
});

Deno.test("comparisonsTable() makes stand out where we lose", () => {
  const goals = [{ engine: "ours", against: ["peer"], ratio: 2, atMost: 4_096 }];
  const table = comparisonsTable(compare(
    [
      row({ ours: [5_000], peer: [10_000] }, { better: "lower", goals }),
      row({ ours: [1], peer: [2] }),
      row({ ours: [3], peer: [2] }),
    ],
    ["ours"],
    ["peer"],
  ));
  assert.deepEqual(table.split("\n").slice(2), [
    "| requests | requests/s | ours | peer | **missed** | 0.50 | ≤ 2.0, ≤ 4,096 |",
    "| requests | requests/s | ours | peer | **behind** | 0.50 | – |",
    "| requests | requests/s | ours | peer | ahead | 1.50 | – |",
    "",
  ]);
});

Deno.test("omissionsList() names each reason once, without the lines of a stack", () => {
  const why = 'Cannot start "x": it ended\nno such key\n  at main';
  assert.equal(
    omissionsList([
      { scenario: "a", what: "peer", why },
      { scenario: "b", what: "peer", why },
      { scenario: "b", what: "other", why: "it failed" },
    ]),
    '- Left out (a; b): peer: Cannot start "x": it ended: no such key\n' +
      "- Left out (b): other: it failed\n",
  );
});
