/**
 * The configuration as a file: read, parsed, and what is wrong with it told with the lines it is wrong in.
 *
 * @module
 */

import {
  ConfigError,
  type ConfigIssue,
  formatIssues,
  parseConfig,
} from "../control/config/parse.ts";
import type { Settings } from "../control/config/settings.ts";

/** A configuration file that cannot be read or used. */
export class ConfigFileError extends Error {
  override readonly name = "ConfigFileError";
  /** Path of the file. */
  readonly path: string;
  /** Everything that is wrong, in the order of the file; empty when it could not be read. */
  readonly issues: readonly ConfigIssue[];
  readonly #text: string;

  /** @param text the content of the file, for the lines to show */
  constructor(path: string, message: string, cause: unknown, text = "") {
    super(message, { cause });
    this.path = path;
    this.issues = cause instanceof ConfigError ? cause.issues : [];
    this.#text = text;
  }

  /** The message, and below it each issue with its source line and a caret under what is meant. */
  format(options: { readonly colour: boolean }): string {
    if (this.issues.length === 0) return this.message;
    return `${this.message}\n\n${formatIssues(this.issues, this.#text, options).trimEnd()}`;
  }
}

/**
 * Reads and checks a configuration file.
 *
 * @throws {ConfigFileError} when it cannot be read or is not a valid configuration
 */
export async function loadConfig(path: string): Promise<Settings> {
  return parseConfigFile(await readConfigFile(path), path);
}

/** @throws {ConfigFileError} */
export async function readConfigFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new ConfigFileError(path, `Cannot read "${path}": ${readFailure(error)}`, error);
  }
}

/** @throws {ConfigFileError} */
export function parseConfigFile(text: string, path: string): Settings {
  try {
    return parseConfig(text, path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = error.issues.length === 1 ? "1 problem" : `${error.issues.length} problems`;
    throw new ConfigFileError(path, `Cannot use "${path}": ${count}`, error, text);
  }
}

function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "not permitted by --allow-read";
  return error instanceof Error ? error.message : String(error);
}
