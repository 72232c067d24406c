import assert from "node:assert/strict";
import { compare } from "../../../bench/load/report/compare.ts";
import { row } from "./rows.ts";

Deno.test("compare() takes the best of the others in each round", () => {
  const rows = [row({ ours: [10, 10, 10], a: [5, 20, 10], b: [10, 5, 5] })];
  const [found] = compare(rows, ["ours"], ["a", "b"]);
  assert.deepEqual(found?.against, ["a", "b"]);
  assert.equal(found?.ratio, 1);
});

Deno.test("compare() takes the lowest as the best where lower is better", () => {
  const rows = [row({ ours: [4], a: [2], b: [8] }, { better: "lower" })];
  assert.equal(compare(rows, ["ours"], ["a", "b"])[0]?.ratio, 2);
});

Deno.test("compare() says met or missed where there is a goal, ahead or behind where there is none", () => {
  const goals = [{ engine: "ours", against: ["a"], ratio: 1.5 }];
  const verdict = (own: number, better: "higher" | "lower", withGoal: boolean) =>
    compare([row({ ours: [own], a: [10] }, { better, goals: withGoal ? goals : [] })], ["ours"], [
      "a",
    ])[0]?.verdict;
  assert.equal(verdict(15, "higher", true), "met");
  assert.equal(verdict(14, "higher", true), "missed");
  assert.equal(verdict(15, "lower", true), "met");
  assert.equal(verdict(16, "lower", true), "missed");
  assert.equal(verdict(11, "higher", false), "ahead");
  assert.equal(verdict(9, "higher", false), "behind");
  assert.equal(verdict(9, "lower", false), "ahead");
  assert.equal(verdict(11, "lower", false), "behind");
});

Deno.test("compare() says missed when the figure itself is beyond its bound", () => {
  const goals = [{ engine: "ours", against: ["a"], ratio: 1, atMost: 4_096 }];
  const found = compare([row({ ours: [5_000], a: [9_000] }, { better: "lower", goals })], [
    "ours",
  ], []);
  assert.equal(found[0]?.verdict, "missed");
});

Deno.test("compare() says when a proxy had CPU to spare under a load that should leave none", () => {
  const limited = (busy: number, saturating: boolean) =>
    compare(
      [row({ ours: [1], a: [1] }, { saturating, busy: new Map([["ours", [1]], ["a", [busy]]]) })],
      ["ours"],
      ["a"],
    )[0]?.limited;
  assert.equal(limited(0.5, true), true);
  assert.equal(limited(0.95, true), false);
  assert.equal(limited(0.5, false), false);
});

Deno.test("compare() has nothing to say of an engine or others that were not measured", () => {
  assert.deepEqual(compare([row({ a: [1] })], ["ours"], ["a"]), []);
  assert.deepEqual(compare([row({ ours: [1] })], ["ours"], ["a"]), []);
});
