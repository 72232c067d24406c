/**
 * Which service a flow belongs to.
 *
 * @module
 */

import type { Detected } from "../model/protocol.ts";
import type { AlpnTable, NameTable, RouteTable, Service, Snapshot } from "../model/snapshot.ts";
import { holds, nameOf } from "./conditions.ts";
import { findExact, findPattern } from "./name_lookup.ts";

/** Why {@linkcode route} chose as it did. */
export type RouteReason =
  | "fields" // a rule that asks for more than a name and ALPN, all of which the flow has
  | "sni_alpn" // a rule with the server name and an ALPN name of the client
  | "sni" // a rule with the server name, whatever the ALPN
  | "name" // a rule with the name of the host, or of the query
  | "alpn" // a rule with an ALPN name, whatever the server name
  | "protocol" // a rule for the protocol alone
  | "fallback" // the default target: nothing was recognised, or no rule fits
  | "unmatched" // dropped: it fits no rule of its protocol, and `unmatched = "drop"`
  | "no_fallback"; // dropped: nothing fits and there is no default target

/** The answer of {@linkcode route}; `service` is null where the flow is to be dropped. */
export interface Route {
  readonly service: Service | null;
  readonly reason: RouteReason;
}

/**
 * Finds the service for what was detected, or for null where nothing was.
 *
 * Rules with conditions beyond name and ALPN come first, in the order of the file. Then SNI with ALPN comes before SNI
 * only, before ALPN only, before the protocol alone; within each, the exact name before the pattern; among the ALPN names
 * of the client, the rule that is first in the file. Costs a few hash look-ups, however many names are configured, and one
 * test for each rule with conditions.
 *
 * @param source the client's IP address; null where it is not known
 */
export function route(
  table: RouteTable,
  detected: Detected | null,
  unmatched: Snapshot["unmatched"],
  source: string | null = null,
): Route {
  if (detected === null) return fallbackRoute(table);
  const { protocol } = detected;
  const conditional = table.conditional.get(protocol);
  for (const { service, conditions } of conditional ?? []) {
    if (conditions.every((condition) => holds(condition, detected, source))) {
      return { service, reason: "fields" };
    }
  }
  const names = table.byName.get(protocol);
  const found = names === undefined ? null : routeByName(names, detected);
  if (found !== null) return found;
  const service = table.byProtocol.get(protocol);
  if (service !== undefined) return { service, reason: "protocol" };
  const hasRules = names !== undefined || conditional !== undefined;
  if (hasRules && unmatched === "drop") return { service: null, reason: "unmatched" };
  return fallbackRoute(table);
}

function routeByName(names: NameTable, detected: Detected): Route | null {
  const { alpn, sni } = detected;
  const name = nameOf(detected);
  const exact = name === null ? undefined : findExact(names, name);
  const pattern = name === null ? undefined : findPattern(names, name);

  let service = firstInFile(exact, alpn) ?? firstInFile(pattern, alpn);
  if (service !== null) return { service, reason: "sni_alpn" };
  service = exact?.bare ?? pattern?.bare ?? null;
  if (service !== null) return { service, reason: sni === null ? "name" : "sni" };
  service = firstInFile(names.any, alpn);
  if (service !== null) return { service, reason: "alpn" };
  service = names.any.bare;
  return service === null ? null : { service, reason: "protocol" };
}

/** Among the services for the client's ALPN names the one that stands first in the file. */
function firstInFile(table: AlpnTable | undefined, alpn: readonly string[]): Service | null {
  if (table === undefined || table.byAlpn.size === 0) return null;
  let first: Service | null = null;
  for (const name of alpn) {
    const service = table.byAlpn.get(name.toLowerCase());
    if (service !== undefined && (first === null || service.order < first.order)) first = service;
  }
  return first;
}

function fallbackRoute(table: RouteTable): Route {
  return { service: table.fallback, reason: table.fallback === null ? "no_fallback" : "fallback" };
}
