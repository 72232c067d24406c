/**
 * What became of the demo's requests, as a table.
 *
 * @module
 */

import { formatTable } from "../../control/config/text_table.ts";

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
export function formatRows(rows: readonly Row[], colour: boolean): string {
  const lines = rows.map((row) => [
    row.protocol,
    row.hello,
    row.service,
    row.backend,
    row.time,
    formatResult(row, colour), // in the last column, so that its invisible characters move no other
  ]);
  return formatTable([HEADINGS, ...lines]).join("\n");
}

const HEADINGS = ["PROTOCOL", "SNI / ALPN", "SERVICE", "BACKEND", "TIME", "RESULT"];
const GREEN = "\x1b[32m";
const RED = "\x1b[31m";
const RESET = "\x1b[39m";

function formatResult({ ok, problem }: Row, colour: boolean): string {
  const text = ok ? "ok" : `failed: ${problem}`;
  return colour ? `${ok ? GREEN : RED}${text}${RESET}` : text;
}
