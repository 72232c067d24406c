/**
 * Collects what is wrong with a configuration, and gives each finding its place in the text at the end.
 *
 * @module
 */

import type { ConfigIssue } from "./issues.ts";
import { formatKeyPath, type KeyPath } from "./key_path.ts";
import type { PositionIndex } from "./positions.ts";

/** What a finding points at and how it can be mended. */
export interface FindingDetails {
  readonly hint?: string | null;
  /** Whether the caret belongs under the key or, as by default, under the value. */
  readonly at?: "key" | "value";
}

interface Finding extends FindingDetails {
  readonly severity: ConfigIssue["severity"];
  readonly path: KeyPath;
  readonly message: string;
}

/** All findings of one reading. */
export class Findings {
  readonly #findings: Finding[] = [];

  error(path: KeyPath, message: string, details: FindingDetails = {}): void {
    this.#findings.push({ ...details, severity: "error", path, message });
  }

  warning(path: KeyPath, message: string, details: FindingDetails = {}): void {
    this.#findings.push({ ...details, severity: "warning", path, message });
  }

  get isEmpty(): boolean {
    return this.#findings.length === 0;
  }

  get hasErrors(): boolean {
    return this.#findings.some(({ severity }) => severity === "error");
  }

  /** The findings with their places, in the order of the text. */
  toIssues(file: string, positions: PositionIndex): readonly ConfigIssue[] {
    const issues = this.#findings.map(({ severity, path, message, hint = null, at }) => ({
      severity,
      file,
      ...(at === "key" ? positions.key(path) : positions.value(path)),
      key: formatKeyPath(path),
      message,
      hint,
    }));
    return issues.sort((a, b) => a.line - b.line || a.column - b.column);
  }
}
