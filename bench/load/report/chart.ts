/**
 * The report as a picture: a bar for each comparison, to the right where we are ahead, to the left where we are behind.
 *
 * @module
 */

import type { Comparison } from "./compare.ts";

const LABELS = 500;
const PLOT = 480;
const MARGIN = 90;
const ROW = 20;
const BAR = 12;
const HEAD = 64;
/** The scale is logarithmic: twice as good is as far to the right as half as good is to the left. */
const LARGEST = 8;
const TICKS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

/** An SVG picture. Where lower figures are better, bars show the inverse of the ratio. */
export function toSvg(comparisons: readonly Comparison[]): string {
  const width = LABELS + PLOT + MARGIN;
  const height = HEAD + comparisons.length * ROW + 16;
  const bottom = height - 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">How many times as good as the better of the others: 1 is on a par</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #222; }
  .head { font-weight: 600; font-size: 14px; }
  .grid { stroke: #ccc; } .par { stroke: #222; } .goal { stroke: #222; stroke-width: 2; }
  .good { fill: #2a7f4f; } .bad { fill: #c2452d; } .end { text-anchor: end; } .mid { text-anchor: middle; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd; } .grid { stroke: #444; } .par, .goal { stroke: #ddd; }
  }
</style>
<text class="head" x="12" y="20">How many times as good as the better of the others</text>
<text x="12" y="38">1 is on a par; the upright mark is the goal; green: met or ahead, red: missed or behind</text>
${TICKS.map((tick) => gridLine(tick, bottom)).join("\n")}
${comparisons.map((one, index) => bar(one, HEAD + index * ROW)).join("\n")}
</svg>
`;
}

function gridLine(tick: number, bottom: number): string {
  const x = position(tick);
  const label = tick < 1 ? `1/${1 / tick}` : String(tick);
  return `<line class="${tick === 1 ? "par" : "grid"}" x1="${x}" x2="${x}" y1="${
    HEAD - 6
  }" y2="${bottom}"/><text class="mid" x="${x}" y="${HEAD - 10}">${label}</text>`;
}

function bar(comparison: Comparison, top: number): string {
  const times = timesAsGood(comparison, comparison.ratio);
  const [from, to] = [position(1), position(times)];
  const good = comparison.verdict === "met" || comparison.verdict === "ahead";
  const middle = top + ROW / 2;
  const label = `${comparison.scenario}, ${comparison.unit}: ${comparison.engine}`;
  const parts = [
    `<text class="end" x="${LABELS - 8}" y="${middle + 4}">${escapeXml(label)}</text>`,
    `<rect class="${good ? "good" : "bad"}" x="${Math.min(from, to)}" y="${
      middle - BAR / 2
    }" width="${round(Math.abs(to - from))}" height="${BAR}"/>`,
    `<text x="${LABELS + PLOT + 8}" y="${middle + 4}">${times.toFixed(2)}</text>`,
  ];
  if (comparison.goal !== null) {
    const x = position(timesAsGood(comparison, comparison.goal));
    const [y1, y2] = [middle - BAR / 2 - 2, middle + BAR / 2 + 2];
    parts.push(`<line class="goal" x1="${x}" x2="${x}" y1="${y1}" y2="${y2}"/>`);
  }
  return parts.join("");
}

function timesAsGood({ better }: Comparison, ratio: number): number {
  return better === "higher" ? ratio : 1 / ratio;
}

/** Where a ratio is from left to right; those off the scale are at its ends. */
function position(times: number): number {
  const clamped = Math.min(LARGEST, Math.max(1 / LARGEST, times));
  const share = Math.log2(clamped) / Math.log2(LARGEST) / 2 + 0.5;
  return round(LABELS + share * PLOT);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
