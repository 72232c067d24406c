/**
 * Which configuration is meant where none is named.
 *
 * @module
 */

import { UsageError } from "./usage_error.ts";

const DEFAULT_CONFIG = "config.toml";

/**
 * The file that was named, or the one that is looked for where none was.
 *
 * @throws {UsageError} when there is none
 */
export function findConfig(named: string | null): string {
  if (named !== null || exists(DEFAULT_CONFIG)) return named ?? DEFAULT_CONFIG;
  throw new UsageError(
    `No configuration: there is no "${DEFAULT_CONFIG}" here, and "--config FILE" names no other. ` +
      `See it all at work first: "rpxy-l4 demo" (or "deno task demo")`,
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // What cannot be looked at may well be there: reading it will tell what is the matter.
    return !(error instanceof Deno.errors.NotFound);
  }
}
