/**
 * The report as Markdown tables.
 *
 * @module
 */

import type { Comparison } from "./compare.ts";
import { isLimited, LIMITED, LIMITED_NOTE } from "./limited.ts";
import type { Omission, Row } from "./row.ts";
import { median } from "./statistics.ts";

/** The medians: a row for each figure, a column for each proxy. */
export function figuresTable(rows: readonly Row[], proxies: readonly string[]): string {
  const measured = proxies.filter((name) => rows.some((row) => row.figures.has(name)));
  const cells = rows.map((row) => [
    row.scenario,
    row.unit,
    ...measured.map((name) => figureCell(row, name)),
  ]);
  const limited = measured.some((name) => rows.some((row) => isLimited(row, name)));
  return table(["scenario", "unit", ...measured], 2, cells) +
    (limited ? `\n${LIMITED_NOTE}\n` : "");
}

/** How our engines compare with others: where they are behind stands out. */
export function comparisonsTable(comparisons: readonly Comparison[]): string {
  return table(
    ["scenario", "unit", "engine", "against the better of", "result", "ratio", "goal"],
    5,
    comparisons.map((one) => [
      one.scenario,
      one.unit,
      one.engine,
      one.against.join(", "),
      resultCell(one),
      one.ratio.toFixed(2),
      goalText(one),
    ]),
  );
}

/** What was left out, each reason once. */
export function omissionsList(omissions: readonly Omission[]): string {
  const byReason = Map.groupBy(
    omissions,
    ({ what, why }) => `${what}: ${why.split("\n", 2).join(": ")}`,
  );
  return [...byReason].map(([reason, some]) =>
    `- Left out (${some.map(({ scenario }) => scenario).join("; ")}): ${reason}\n`
  ).join("");
}

function figureCell(row: Row, name: string): string {
  const value = median(row.figures.get(name) ?? []);
  if (!Number.isFinite(value)) return "–";
  return `${isLimited(row, name) ? `${LIMITED} ` : ""}${threeDigits(value)}`;
}

function resultCell({ verdict, limited }: Comparison): string {
  const word = verdict === "missed" || verdict === "behind" ? `**${verdict}**` : verdict;
  return limited ? `${LIMITED} ${word}` : word;
}

function goalText({ goal, better, atMost }: Comparison): string {
  if (goal === null) return "–";
  const ratio = `${better === "higher" ? "≥" : "≤"} ${goal.toFixed(1)}`;
  return atMost === null ? ratio : `${ratio}, ≤ ${atMost.toLocaleString("en")}`;
}

/** A table whose columns behind the first `texts` are aligned to the right. */
function table(
  head: readonly string[],
  texts: number,
  rows: readonly (readonly string[])[],
): string {
  const rule = head.map((_, column) => column < texts ? "---" : "---:");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** Three significant digits, never in exponent form. */
function threeDigits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { minimumSignificantDigits: 3 });
}
