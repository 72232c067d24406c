/**
 * `rpxy-l4 check`: says what is wrong with a configuration, or what it does.
 *
 * @module
 */

import { ConfigFileError, parseConfigFile, readConfigFile } from "../app/config_file.ts";
import { formatIssues } from "../control/config/format_issues.ts";
import { describeRoutes } from "../control/config/report.ts";

/** What {@linkcode check} is to look at. */
export interface CheckOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly colour: boolean;
}

/** Exit codes of the command; 2 is also that of a command line which makes no sense. */
const VALID = 0;
const INVALID = 1;
const UNREADABLE = 2;

/**
 * Checks a file: problems go to `err` with source lines and carets, the routes to `out`.
 *
 * @returns the exit code: 0 for a configuration that can be used, 1 for one that cannot, 2 for no file to read
 */
export async function check(
  { config, colour }: CheckOptions,
  out: (text: string) => void,
  err: (text: string) => void,
): Promise<number> {
  try {
    const text = await readConfigFile(config);
    const settings = parseConfigFile(text, config);
    if (settings.warnings.length > 0) err(formatIssues(settings.warnings, text, { colour }));
    out(describeRoutes(settings));
    return VALID;
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    err(`${error.format({ colour })}\n`);
    return error.issues.length > 0 ? INVALID : UNREADABLE;
  }
}
