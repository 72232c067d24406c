/**
 * Files that a configuration names.
 *
 * @module
 */

import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { quote, ValueError } from "./value_error.ts";

/** The text of a file, or in words why it cannot be read, such as `no such file`, and what to do about it. */
export type FileContent =
  | { readonly text: string }
  | { readonly failure: string; readonly hint?: string };

/** Reads a file by its path as the configuration has it. */
export type ReadFile = (path: string) => FileContent;

/** What a configuration is read with beside its text. */
export interface Surroundings {
  readonly read: ReadFile;
  /** Milliseconds since the epoch: certificates have their time. */
  readonly now: number;
}

/** For a configuration that is only text. */
export const NO_SURROUNDINGS: Surroundings = {
  read: () => ({ failure: "files are not read here" }),
  now: 0,
};

/**
 * Reads a file and makes something of it; undefined where that cannot be done, which `findings` then tells.
 *
 * @param at where the configuration names the file
 * @param parse may throw a {@linkcode ValueError}, without any secret in it
 */
export function parseFile<T>(
  path: string,
  at: KeyPath,
  read: ReadFile,
  findings: Findings,
  parse: (text: string) => T,
): T | undefined {
  const content = read(path);
  if ("failure" in content) {
    const { failure, hint = null } = content;
    findings.error(at, `Cannot read ${quote(path)}: ${failure}`, { hint });
    return undefined;
  }
  try {
    return parse(content.text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const { message, hint } = error;
    findings.error(at, `Cannot use ${quote(path)}: ${withinSentence(message)}`, { hint });
    return undefined;
  }
}

/** A sentence behind a colon; names such as ECH keep their capitals. */
function withinSentence(message: string): string {
  return message.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
