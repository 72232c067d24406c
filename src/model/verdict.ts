/**
 * What a parser says of the bytes it was given.
 *
 * @module
 */

/** Ways in which bytes can be broken; named so that tests and logs tell them apart. */
export type MalformedCode =
  | "bad_length"
  | "bad_value"
  | "trailing_bytes"
  | "too_long"
  | "duplicate"
  | "bad_checksum";

/** More bytes may change the answer. */
export const NEED_MORE: { readonly kind: "needMore" } = Object.freeze({ kind: "needMore" });

/** These bytes are not of this protocol, whatever follows. */
export const NO_MATCH: { readonly kind: "noMatch" } = Object.freeze({ kind: "noMatch" });

/** The answer of a parser. `NEED_MORE` and `NO_MATCH` are shared constants, so they allocate nothing. */
export type Verdict<T> =
  | { readonly kind: "match"; readonly value: T }
  | { readonly kind: "malformed"; readonly code: MalformedCode }
  | typeof NEED_MORE
  | typeof NO_MATCH;
