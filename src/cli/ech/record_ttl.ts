/**
 * For how long clients may keep a record that they have looked up.
 *
 * @module
 */

import { lookUpHttpsRecord } from "../../control/https_record/look_up.ts";
import type { HttpsResolver } from "../../control/https_record/resolver.ts";

/** A time to live. */
export interface RecordTtl {
  /** Null: not known. */
  readonly seconds: number | null;
  /** Who says so, or why it is not known, for people. */
  readonly from: string;
}

/** Asks for the records of all names, one after the other, and takes the longest time. */
export async function askTtl(
  resolver: HttpsResolver,
  owners: readonly string[],
): Promise<RecordTtl> {
  let seconds: number | null = null;
  let isWhole = true;
  let failure: string | null = null;
  for (const owner of owners) {
    const lookup = await lookUpHttpsRecord(resolver, owner);
    if (lookup.kind === "failed") failure = lookup.reason;
    if (lookup.kind !== "found") continue;
    seconds = Math.max(seconds ?? 0, lookup.ttl);
    isWhole &&= lookup.isAuthoritative;
  }
  if (failure !== null) return { seconds: null, from: failure };
  if (seconds === null) return { seconds, from: "there is no record that it could be asked of" };
  return {
    seconds,
    from: isWhole ? `asked of ${resolver.label}` : `what is left of it at ${resolver.label}`,
  };
}
