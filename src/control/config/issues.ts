/**
 * What is wrong with a configuration, as data: for the terminal, the log and the tests.
 *
 * @module
 */

/** One problem of a configuration, with the place that it is at. */
export interface ConfigIssue {
  /** An `error` keeps the configuration from being used; a `warning` is shown and no more. */
  readonly severity: "error" | "warning";
  /** Name of the file as the caller gave it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** How many columns of that line are meant; at least 1. */
  readonly length: number;
  /** Such as `protocols.tls_2.server_names[1]`; empty where the whole file is meant. */
  readonly key: string;
  /** One sentence without a full stop; never holds key material. */
  readonly message: string;
  /** What to do about it; null where the message says it all. */
  readonly hint: string | null;
}

/** A configuration that cannot be used: `issues` holds everything that is wrong, in the order of the file. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(issueLine).join("\n"));
    this.issues = issues;
  }
}

/** An issue as one line: `config.toml:3:7: error: …`. */
export function issueLine(issue: ConfigIssue): string {
  const place = `${issue.file}:${issue.line}:${issue.column}`;
  return `${place}: ${issue.severity}: ${issue.message}`;
}
