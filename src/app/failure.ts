/**
 * Failures that a person can mend, in the words for that person.
 *
 * @module
 */

import { LogDirectoryError } from "../ops/open_logs.ts";
import { EngineError } from "./choose_engine.ts";
import { ConfigFileError } from "./config_file.ts";
import { ListenError } from "./listen_error.ts";
import { RestoreError } from "./listener_set.ts";

/**
 * What went wrong, and what to do about it, as lines of text. What is not known to be the person's to mend comes with
 * its stack.
 */
export function describeFailure(error: unknown, options: { readonly colour: boolean }): string[] {
  // It goes to logs, or what takes the standard error for one.
  if (error instanceof ConfigFileError) {
    return error.format({ ...options, hideNames: true }).split("\n");
  }
  if (error instanceof ListenError || error instanceof EngineError) {
    return [error.message, `  ${error.hint}`];
  }
  if (error instanceof RestoreError) {
    return [
      ...describeFailure(error.cause, options),
      error.message,
      ...error.errors.flatMap((lost) => describeFailure(lost, options)),
    ];
  }
  if (error instanceof LogDirectoryError) return [error.message];
  return (error instanceof Error ? error.stack ?? error.message : String(error)).split("\n");
}
