/**
 * A configuration as a table that a person can check.
 *
 * @module
 */

import type { Settings } from "./settings.ts";

/** Listeners, routes in order of precedence, and what is odd about them; ends with a line feed. */
export function describeRoutes(_settings: Settings): string {
  return "";
}
