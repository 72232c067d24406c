/**
 * Whether a flow has what a rule asks for.
 *
 * @module
 */

import type { Cidr } from "../model/address.ts";
import type { Detected } from "../model/protocol.ts";
import type { Condition } from "../model/snapshot.ts";
import { CidrTable } from "../proto/cidr.ts";
import { matchesGlob } from "../proto/glob.ts";
import { findExact, findPattern } from "./name_lookup.ts";

/**
 * Whether a condition holds for a flow. What the client did not send fits nothing.
 *
 * @param source the client's IP address; null where it is not known
 */
export function holds(condition: Condition, detected: Detected, source: string | null): boolean {
  switch (condition.kind) {
    case "names": {
      const name = nameOf(detected);
      if (name === null) return false;
      return (findExact(condition.names, name) ?? findPattern(condition.names, name)) !== undefined;
    }
    case "alpn":
      return detected.alpn.some((name) => condition.names.has(name.toLowerCase()));
    case "paths": {
      const path = detected.fields?.path;
      return path !== undefined && condition.prefixes.some((prefix) => isBelow(path, prefix));
    }
    case "text": {
      const { field, patterns, ignoreCase } = condition;
      const text = field === "version" ? detected.version : detected.fields?.[field];
      if (text === null || text === undefined) return false;
      const compared = ignoreCase ? text.toLowerCase() : text;
      return patterns.some((pattern) => matchesGlob(pattern, compared));
    }
    case "values": {
      const value = detected.fields?.[condition.field];
      return value !== undefined && condition.values.has(value);
    }
    case "sources":
      return source !== null && containsHost(condition.blocks, source);
  }
}

/** The name that a flow is looked up by: of the server, the host, or what a query asks for. */
export function nameOf({ sni, fields }: Detected): string | null {
  return sni ?? fields?.host ?? fields?.queryName ?? null;
}

/** Whether a list of address blocks has an IP address. Compiled once for a list, and gone with it. */
export function containsHost(blocks: readonly Cidr[], host: string): boolean {
  let table = compiled.get(blocks);
  if (table === undefined) {
    table = new CidrTable(blocks);
    compiled.set(blocks, table);
  }
  return table.containsHost(host);
}

const compiled = new WeakMap<readonly Cidr[], CidrTable>();

/** Segment by segment: `/api` has `/api` and `/api/users` below it, `/apis` not. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix.endsWith("/") || path[prefix.length] === "/";
}
