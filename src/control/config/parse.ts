/**
 * From the text of a configuration file to {@linkcode Settings}, or to the list of all that is wrong with it.
 *
 * @module
 */

import { parse, TomlError } from "smol-toml";
import { buildSettings } from "./build.ts";
import { readDraft } from "./draft.ts";
import { Findings } from "./findings.ts";
import { ConfigError } from "./issues.ts";
import { PositionIndex } from "./positions.ts";
import type { Settings } from "./settings.ts";
import { validateDraft } from "./validate.ts";

export { formatIssues } from "./format_issues.ts";
export { ConfigError, type ConfigIssue } from "./issues.ts";

/**
 * Reads a configuration.
 *
 * @param fileName is shown in issues and used for nothing else
 * @throws {ConfigError} with everything that is wrong at once; a TOML syntax error is alone
 */
export function parseConfig(text: string, fileName: string): Settings {
  const table = parseToml(text, fileName);
  const findings = new Findings();
  // Most files have nothing to point at, and the index costs more than all the rest.
  let index: PositionIndex | null = null;
  const positions = () => index ??= new PositionIndex(text);

  const draft = readDraft(table, findings, positions);
  validateDraft(draft, findings);
  const issues = findings.isEmpty ? [] : findings.toIssues(fileName, positions());
  if (findings.hasErrors) throw new ConfigError(issues);
  return buildSettings(draft, issues);
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser's own message goes on with the lines of the text, which may hold a key.
    const reason = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new ConfigError([{
      severity: "error",
      file,
      line: error.line,
      column: error.column,
      length: 1,
      key: "",
      message: `This is not TOML: ${reason}`,
      hint: "Other mistakes show once the file can be read",
    }]);
  }
}
