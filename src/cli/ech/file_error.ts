/**
 * Files that a command cannot use.
 *
 * @module
 */

import { dirname } from "node:path";
import { readFailure } from "../../control/config/read_file.ts";

/** The message says which file, what was to be done with it, and why that cannot be. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor(verb: "read" | "write", path: string, cause: unknown) {
    super(`Cannot ${verb} "${path}": ${reason(verb, path, cause)}`, { cause });
  }
}

function reason(verb: string, path: string, cause: unknown): string {
  if (cause instanceof Deno.errors.AlreadyExists) {
    return "it is there already, and keys are never overwritten";
  }
  if (verb === "write") {
    if (cause instanceof Deno.errors.NotCapable) {
      return `not permitted: it needs --allow-write=${dirname(path)}`;
    }
    if (cause instanceof Deno.errors.NotFound) return "no such directory";
    if (cause instanceof Deno.errors.NotADirectory) return `"${dirname(path)}" is not a directory`;
  }
  return readFailure(cause);
}
