import assert from "node:assert/strict";
import { toSvg } from "../../../bench/load/report/chart.ts";
import type { Comparison } from "../../../bench/load/report/compare.ts";

const COMPARISON: Comparison = {
  scenario: "a & b <c>",
  unit: "x/s",
  better: "higher",
  engine: "ours",
  against: ["peer"],
  ratio: 2,
  goal: null,
  atMost: null,
  verdict: "ahead",
  limited: false,
};

/** Where the bars of a picture begin, and how wide they are. */
function bars(svg: string): { x: number; width: number }[] {
  return [...svg.matchAll(/<rect [^>]*x="([\d.]+)"[^>]*width="([\d.]+)"/g)]
    .map(([, x, width]) => ({ x: Number(x), width: Number(width) }));
}

Deno.test("toSvg() draws twice as good and half as good alike, to the two sides", () => {
  const [good, bad] = bars(toSvg([COMPARISON, { ...COMPARISON, ratio: 0.5, verdict: "behind" }]));
  assert.ok(good !== undefined && bad !== undefined);
  assert.equal(good.width, bad.width);
  assert.equal(bad.x + bad.width, good.x);
});

Deno.test("toSvg() turns ratios around where lower is better", () => {
  assert.deepEqual(
    bars(toSvg([{ ...COMPARISON, better: "lower", ratio: 0.5 }])),
    bars(toSvg([COMPARISON])),
  );
});

Deno.test("toSvg() keeps what is off the scale in the picture", () => {
  const [most] = bars(toSvg([{ ...COMPARISON, ratio: 8 }]));
  const [more, all] = bars(toSvg([
    { ...COMPARISON, ratio: 100 },
    { ...COMPARISON, ratio: Infinity },
  ]));
  assert.deepEqual(more, most);
  assert.deepEqual(all, most);
});

Deno.test("toSvg() marks goals, and escapes names", () => {
  assert.doesNotMatch(toSvg([COMPARISON]), /class="goal"/);
  const svg = toSvg([{ ...COMPARISON, goal: 1.5, verdict: "met" }]);
  assert.match(svg, /<line class="goal"/);
  assert.match(svg, /a &#38; b &#60;c&#62;/);
});
