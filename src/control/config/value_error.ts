/**
 * How the readers of single values say what is wrong with one, and how a value is shown in a message.
 *
 * @module
 */

/** A value that cannot be used. `index` tells which element of a list, or key of a table, is meant, where one is. */
export class ValueError extends Error {
  override readonly name = "ValueError";
  readonly hint: string | null;
  readonly index: number | string | null;

  constructor(message: string, hint: string | null = null, index: number | string | null = null) {
    super(message);
    this.hint = hint;
    this.index = index;
  }
}

/** Longest piece of a value that a message repeats. */
const MAX_QUOTED = 80;

/** What would steer a terminal, or reorder or part a line, beyond what JSON escapes. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A value in quotes, escaped and shortened. What could be key material in the wrong place is not repeated: messages
 * go to logs.
 */
export function quote(value: string): string {
  const shown = value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value;
  return escapeInvisible(JSON.stringify(maskSecrets(shown)));
}

/** A text of which nothing steers a terminal. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, escapeUnits);
}

// 32 characters of base64 are 24 bytes; the shortest private key of HPKE (RFC 9180 §7.1) has 32 bytes.
const BASE64_RUN = /[A-Za-z0-9+/_-]{32,}={0,2}/g;

/** Replaces each run of characters that looks like a key in base64 by as many stars; names are lower case and stay. */
export function maskSecrets(text: string): string {
  return text.replace(BASE64_RUN, (run) => /[A-Z]/.test(run) ? "*".repeat(run.length) : run);
}

function escapeUnits(text: string): string {
  return text.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
