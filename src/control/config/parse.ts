/**
 * From the text of a configuration file to {@linkcode Settings}, or to the list of all that is wrong with it.
 *
 * @module
 */

import { parse, TomlError } from "smol-toml";
import { buildSettings } from "./build.ts";
import { readDraft } from "./draft.ts";
import { readEchTables } from "./ech/check.ts";
import { Findings } from "./findings.ts";
import { ConfigError } from "./issues.ts";
import { NO_SURROUNDINGS, type Surroundings } from "./named_file.ts";
import { PositionIndex } from "./positions.ts";
import type { Settings } from "./settings.ts";
import { validateDraft } from "./validate.ts";

export { formatIssues } from "./format_issues.ts";
export { ConfigError, type ConfigIssue } from "./issues.ts";

/**
 * Reads a configuration.
 *
 * @param fileName is shown in issues and used for nothing else
 * @param surroundings what is read beside the text; by default no files
 * @throws {ConfigError} with everything that is wrong at once; a TOML syntax error is alone
 */
export function parseConfig(
  text: string,
  fileName: string,
  surroundings: Surroundings = NO_SURROUNDINGS,
): Settings {
  const table = parseToml(text, fileName);
  const findings = new Findings();
  // Most files have nothing to point at, and the index costs more than all the rest.
  let index: PositionIndex | null = null;
  const positions = () => index ??= new PositionIndex(text);

  const draft = readDraft(table, findings, positions);
  const plans = readEchTables(draft, surroundings, findings);
  validateDraft(draft, plans, findings);
  const issues = findings.isEmpty ? [] : findings.toIssues(fileName, positions());
  if (findings.hasErrors) throw new ConfigError(issues);
  return buildSettings(draft, plans, issues);
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser's own message goes on with the lines of the text, which may hold a key.
    const reason = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    // Decoding leaves the zero bytes of UTF-16 in place, and no text has any.
    const isText = !text.includes("\0");
    throw new ConfigError([{
      severity: "error",
      file,
      line: error.line,
      column: error.column,
      length: 1,
      key: "",
      message: isText ? `This is not TOML: ${reason}` : "This is not text in UTF-8",
      hint: isText ? syntaxHint(reason, restOfLine(text, error)) : "Save the file as UTF-8",
    }]);
  }
}

/** What the parser says of text without quotes, which may begin as a number does. */
const NOT_A_VALUE = new Set(["invalid value", "illegal character in numeric literal"]);

/** What people write who know other formats; `rest` is the line from the mistake on. */
function syntaxHint(reason: string, rest: string): string {
  if (/^[“”„‘’«]/.test(rest)) return 'Quotes must be straight, as in "text"';
  if (NOT_A_VALUE.has(reason) && /^[\w.:/-]/.test(rest)) {
    return 'Text stands in quotes, as in protocol = "http"';
  }
  if (rest.startsWith(":")) return "Write key = value, with an equals sign";
  if (reason.startsWith("trying to redefine")) return "Each key and each table may stand only once";
  return "Other mistakes show once the file can be read";
}

function restOfLine(text: string, { line, column }: TomlError): string {
  return text.split("\n", line)[line - 1]?.slice(column - 1) ?? "";
}
