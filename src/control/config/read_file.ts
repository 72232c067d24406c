/**
 * Reading the files that a configuration names: keys and certificates, which are small.
 *
 * @module
 */

import type { FileContent } from "./named_file.ts";

/** Longest file, in bytes; a long chain of certificates has some ten thousand. */
const MAX_LENGTH = 1024 * 1024;

/** Reads a file. What is no ordinary file is not opened: it may have no end, or be waited for without one. */
export function readNamedFile(path: string): FileContent {
  try {
    const { isFile, isDirectory, size } = Deno.statSync(path);
    if (isDirectory) return { failure: "it is a directory" };
    if (!isFile) return { failure: "it is not a file" };
    if (size > MAX_LENGTH) return { failure: `it is longer than ${MAX_LENGTH} bytes` };
    return { text: Deno.readTextFileSync(path) };
  } catch (error) {
    const hint = remedy(error);
    return { failure: readFailure(error), ...(hint === null ? {} : { hint }) };
  }
}

/** Why a file cannot be read, in words. */
export function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "not permitted by --allow-read";
  return error instanceof Error ? error.message : String(error);
}

/** What to do about it. No path: it may be a key in the wrong place. */
function remedy(error: unknown): string | null {
  if (error instanceof Deno.errors.NotFound) {
    return "A relative path begins at the directory of the configuration file, wherever the proxy is started";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "It must be readable for the user that runs the proxy: key files are made for their owner alone";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "Add its directory to --allow-read, as it is watched as well";
  }
  return null;
}
