/**
 * Turns the figures of a load benchmark into a table.
 *
 * @module
 */

/** The figures of one scenario: a list per proxy, one entry per round, in round order. */
export interface Row {
  readonly scenario: string;
  readonly unit: string;
  readonly figures: ReadonlyMap<string, readonly number[]>;
}

/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Median of the ratios `a[i] / b[i]` of the same rounds. */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.slice(0, b.length).map((value, round) => value / (b[round] ?? NaN)));
}

/** A Markdown table: medians, and behind each peer's median the ratio of `ours` to it. */
export function toMarkdown(rows: readonly Row[], ours: string): string {
  const peers = [...new Set(rows.flatMap((row) => [...row.figures.keys()]))];
  const lines = [
    `| scenario | unit | ${peers.join(" | ")} |`,
    `|---|---|${peers.map(() => "---:|").join("")}`,
  ];
  for (const row of rows) {
    const own = row.figures.get(ours) ?? [];
    const cells = peers.map((peer) => {
      const figures = row.figures.get(peer);
      if (figures === undefined) return "–";
      const value = threeDigits(median(figures));
      return peer === ours ? value : `${value} (${pairedRatio(own, figures).toFixed(2)})`;
    });
    lines.push(`| ${row.scenario} | ${row.unit} | ${cells.join(" | ")} |`);
  }
  lines.push("", `In brackets: ${ours} divided by that peer, median of the rounds' ratios.`);
  return lines.join("\n");
}

/** Three significant digits, never in exponent form. */
function threeDigits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { minimumSignificantDigits: 3 });
}
