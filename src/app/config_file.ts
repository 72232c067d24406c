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
import { readFailure } from "../control/config/read_file.ts";
import type { Settings } from "../control/config/settings.ts";
import { NamedFiles } from "./named_files.ts";

/** A configuration file that cannot be read or used. */
export class ConfigFileError extends Error {
  /** Tells this error from others. */
  override readonly name = "ConfigFileError";
  /** Path of the file. */
  readonly path: string;
  /** Everything that is wrong, in the order of the file; empty when it could not be read. */
  readonly issues: readonly ConfigIssue[];
  readonly #text: string;

  /**
   * Made by {@linkcode loadConfig} and its like.
   *
   * @param message which file it is and what is wrong, without details
   * @param cause a {@linkcode ConfigError} with the details, or why the file cannot be read
   * @param text the content of the file, for the lines to show
   */
  constructor(path: string, message: string, cause: unknown, text = "") {
    super(message, { cause });
    this.path = path;
    this.issues = cause instanceof ConfigError ? cause.issues : [];
    this.#text = text;
  }

  /**
   * The message, and below it each issue with its source line and a caret under what is meant. Never has key material;
   * with `hideNames` no names either that Encrypted Client Hello hides.
   */
  format(options: { readonly colour: boolean; readonly hideNames?: boolean }): string {
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

/**
 * Reads a configuration file.
 *
 * @throws {ConfigFileError}
 */
export async function readConfigFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new ConfigFileError(path, `Cannot read "${path}": ${readFailure(error)}`, error);
  }
}

/**
 * Checks the text of a configuration, and the files that it names.
 *
 * @param path is shown in what is wrong with it; the files that it names are relative to it
 * @throws {ConfigFileError} when it is not a valid configuration
 */
export function parseConfigFile(text: string, path: string): Settings {
  return parseWithFiles(text, path, new NamedFiles(path));
}

/**
 * As {@linkcode parseConfigFile}.
 *
 * @param files what the configuration names is read by these, which remember it
 * @throws {ConfigFileError}
 */
export function parseWithFiles(text: string, path: string, files: NamedFiles): Settings {
  try {
    return parseConfig(text, path, { read: files.read, now: Date.now() });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = error.issues.length === 1 ? "1 problem" : `${error.issues.length} problems`;
    throw new ConfigFileError(path, `Cannot use "${path}": ${count}`, error, text);
  }
}
