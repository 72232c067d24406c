/**
 * Issues as a person reads them: place, message, source line, caret, hint.
 *
 * @module
 */

import { concealKeys, mayTellInnerName } from "./conceal.ts";
import type { ConfigIssue } from "./issues.ts";

/** Columns of a source line that are shown at most, for lists that stand on one line. */
const MAX_COLUMNS = 100;

/** Columns that are shown before the caret when a line is cut. */
const LEAD = 40;

/** How issues are shown. */
export interface FormatOptions {
  readonly colour: boolean;
  /** Whether to leave out lines that may have inner names, as logs must. */
  readonly hideNames?: boolean;
}

/**
 * Renders issues with the source lines of `text` under them; ends with a line feed unless there are none. Key material
 * in those lines is replaced by stars.
 */
export function formatIssues(
  issues: readonly ConfigIssue[],
  text: string,
  { colour, hideNames = false }: FormatOptions,
): string {
  const lines = concealKeys(text).split(/\r\n|\n/);
  const paint = colour ? painted : plain;
  return issues.map((issue) => {
    const source = lines[issue.line - 1] ?? "";
    const isHidden = hideNames && mayTellInnerName(issue.key, source, text);
    return formatIssue(issue, isHidden ? null : source, paint);
  }).join("\n");
}

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { error: "31;1", warning: "33;1", strong: "1", quiet: "2" } as const;

const painted: Paint = (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m`;
const plain: Paint = (_, text) => text;

/** @param source null: not to be shown */
function formatIssue(issue: ConfigIssue, source: string | null, paint: Paint): string {
  const { severity, file, line, column, message, hint } = issue;
  const rows = [
    `${paint("strong", `${file}:${line}:${column}:`)} ${
      paint(severity, `${severity}:`)
    } ${message}`,
  ];
  if (source !== null) rows.push(...sourceRows(issue, source, paint));
  if (hint !== null) {
    const margin = " ".repeat(String(line).length);
    rows.push(`${margin} ${paint("strong", "hint:")} ${hint}`);
  }
  return `${rows.join("\n")}\n`;
}

/** The line, cut where it is long, and below it the caret. */
function sourceRows(
  { severity, line, column, length }: ConfigIssue,
  source: string,
  paint: Paint,
): string[] {
  const number = String(line);
  const margin = " ".repeat(number.length);
  const start = column - 1 > MAX_COLUMNS - 20 ? column - 1 - LEAD : 0;
  const shown = printable(source.slice(start, start + MAX_COLUMNS));
  const prefix = start > 0 ? "…" : "";
  const suffix = source.length > start + MAX_COLUMNS ? "…" : "";
  // Tabs stay tabs, so that the caret meets its column whatever their width is.
  const indent = shown.slice(0, column - 1 - start).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(length, start + MAX_COLUMNS - (column - 1))));
  return [
    `${paint("quiet", `${number} |`)} ${prefix}${shown}${suffix}`,
    `${paint("quiet", `${margin} |`)} ${" ".repeat(prefix.length)}${indent}${
      paint(severity, carets)
    }`,
  ];
}

/** Control characters could steer the terminal, and others the order of the text. */
function printable(source: string): string {
  return source.replace(/(?!\t)[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
