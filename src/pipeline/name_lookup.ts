/**
 * Finding what belongs to the name of a host.
 *
 * @module
 */

import type { NameMap } from "../model/snapshot.ts";
import { canonicalHostName } from "../proto/host_name.ts";

/** What belongs to the name in full. */
export function findExact<Value>({ exact }: NameMap<Value>, name: string): Value | undefined {
  return exact.get(name);
}

/**
 * What belongs to a pattern that the name fits: `*.` and all labels but the first, or else the longest end of the name
 * that stands for all names below it. Text that no name can have, such as `a:b.example.com`, fits none.
 */
export function findPattern<Value>(
  { wildcard, suffix }: NameMap<Value>,
  name: string,
): Value | undefined {
  if (wildcard.size === 0 && suffix.size === 0) return undefined;
  if (canonicalHostName(name) !== name) return undefined;
  const dot = name.indexOf(".");
  const found = dot < 0 ? undefined : wildcard.get(name.slice(dot + 1));
  return found ?? findSuffix(suffix, name);
}

function findSuffix<Value>(suffix: ReadonlyMap<string, Value>, name: string): Value | undefined {
  if (suffix.size === 0) return undefined;
  for (let start = 0;;) {
    const found = suffix.get(name.slice(start));
    if (found !== undefined) return found;
    const dot = name.indexOf(".", start);
    if (dot < 0) return undefined;
    start = dot + 1;
  }
}
