/**
 * The malformed verdicts, one shared object for each code.
 *
 * @module
 */

import type { MalformedCode } from "../model/verdict.ts";

/** A verdict that the bytes are broken, and how. Assignable to every `Verdict<T>`. */
export interface Malformed {
  readonly kind: "malformed";
  readonly code: MalformedCode;
}

/** The verdict for each code. Shared and frozen: returning one allocates nothing. */
export const MALFORMED: { readonly [Code in MalformedCode]: Malformed } = Object.freeze({
  bad_length: malformed("bad_length"),
  bad_value: malformed("bad_value"),
  trailing_bytes: malformed("trailing_bytes"),
  too_long: malformed("too_long"),
  duplicate: malformed("duplicate"),
  bad_checksum: malformed("bad_checksum"),
});

function malformed(code: MalformedCode): Malformed {
  return Object.freeze({ kind: "malformed", code });
}
