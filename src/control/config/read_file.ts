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
    return { failure: readFailure(error) };
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
