/**
 * From the text of a configuration file to {@linkcode Settings}, or to the list of all that is wrong with it.
 *
 * @module
 */

import type { Settings } from "./settings.ts";

export { ConfigError, type ConfigIssue } from "./issues.ts";
export { formatIssues } from "./format_issues.ts";

/**
 * Reads a configuration.
 *
 * @param fileName is shown in issues and used for nothing else
 * @throws {ConfigError} with everything that is wrong at once; a TOML syntax error is alone
 */
export function parseConfig(_text: string, _fileName: string): Settings {
  throw new Error("parseConfig is not built yet");
}
