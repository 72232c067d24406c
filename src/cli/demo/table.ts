/**
 * A table of text for a terminal.
 *
 * @module
 */

/** One line of the table that the demo prints. */
export interface Row {
  readonly protocol: string;
  readonly hello: string;
  readonly service: string;
  readonly backend: string;
  readonly time: string;
  readonly ok: boolean;
  /** Why it failed; empty where it did not. */
  readonly problem: string;
}

/** Lays rows out in columns under a heading; the result in green or red where `colour` says so. */
export function formatTable(rows: readonly Row[], colour: boolean): string {
  const cells = rows.map((row) => [row.protocol, row.hello, row.service, row.backend, row.time]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((line) => line[column]?.length ?? 0))
  );
  const layOut = (line: readonly string[], result: string) =>
    [...line.map((cell, column) => cell.padEnd(widths[column] ?? 0)), result].join("  ");
  return [
    layOut(HEADINGS, "RESULT"),
    ...rows.map((row, index) => layOut(cells[index] ?? [], formatResult(row, colour))),
  ].join("\n");
}

const HEADINGS = ["PROTOCOL", "SNI / ALPN", "SERVICE", "BACKEND", "TIME"];
const GREEN = "\x1b[32m";
const RED = "\x1b[31m";
const RESET = "\x1b[39m";

function formatResult({ ok, problem }: Row, colour: boolean): string {
  const text = ok ? "ok" : `failed: ${problem}`;
  return colour ? `${ok ? GREEN : RED}${text}${RESET}` : text;
}
