/**
 * What is wrong with a command line.
 *
 * @module
 */

/** The command line makes no sense; the message says what and suggests what may have been meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
