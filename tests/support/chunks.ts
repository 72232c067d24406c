/**
 * Feeds a detector its bytes in chunks, as an engine would.
 *
 * @module
 */

import type { Verdict } from "../../src/model/verdict.ts";
import { NEED_MORE } from "../../src/model/verdict.ts";

/**
 * The first verdict that is not `needMore` when the bytes arrive in chunks of these sizes, the last one repeated; the last
 * verdict where there is none. Every call gets a fresh copy, so that a detector that keeps a view is found out.
 */
export function inChunks<T>(
  detector: (head: Uint8Array) => Verdict<T>,
  bytes: Uint8Array,
  sizes: readonly number[],
): Verdict<T> {
  let verdict: Verdict<T> = NEED_MORE;
  let end = 0;
  for (let i = 0; end < bytes.length && verdict.kind === "needMore"; i++) {
    end += Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1);
    const head = bytes.slice(0, end);
    verdict = detector(head);
    head.fill(0xff);
  }
  return verdict;
}

/** The value of a match. Throws for every other verdict. */
export function matched<T>(verdict: Verdict<T>): T {
  if (verdict.kind === "match") return verdict.value;
  throw new Error(`Expected a match, got ${JSON.stringify(verdict)}`);
}
