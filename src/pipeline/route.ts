/**
 * Which service a flow belongs to.
 *
 * @module
 */

import { type Detected, SERVER_NAME_PROTOCOLS } from "../model/protocol.ts";
import type {
  AlpnTable,
  RouteTable,
  ServerNameTable,
  Service,
  Snapshot,
} from "../model/snapshot.ts";
import { canonicalHostName } from "../proto/host_name.ts";

/** Why {@linkcode route} chose as it did. */
export type RouteReason =
  | "sni_alpn" // a rule with the server name and an ALPN name of the client
  | "sni" // a rule with the server name, whatever the ALPN
  | "alpn" // a rule with an ALPN name, whatever the server name
  | "protocol" // a rule for the protocol alone
  | "fallback" // the default target: nothing was recognised, or no rule fits
  | "unmatched" // dropped: a hello that fits no rule, and `unmatched = "drop"`
  | "no_fallback"; // dropped: nothing fits and there is no default target

/** The answer of {@linkcode route}; `service` is null where the flow is to be dropped. */
export interface Route {
  readonly service: Service | null;
  readonly reason: RouteReason;
}

/**
 * Finds the service for what was detected, or for null where nothing was.
 *
 * SNI with ALPN comes before SNI only, before ALPN only, before the protocol alone; within each, the exact name before
 * the wildcard; among the ALPN names of the client, the rule that is first in the file. Costs a few hash look-ups,
 * however many names are configured.
 */
export function route(
  table: RouteTable,
  detected: Detected | null,
  unmatched: Snapshot["unmatched"],
): Route {
  if (detected === null) return fallbackRoute(table);
  const named = table.serverNames !== null && SERVER_NAME_PROTOCOLS.has(detected.protocol);
  const found = named ? routeByName(table.serverNames, detected) : null;
  if (found !== null) return found;
  const service = table.byProtocol.get(detected.protocol);
  if (service !== undefined) return { service, reason: "protocol" };
  if (named && unmatched === "drop") return { service: null, reason: "unmatched" };
  return fallbackRoute(table);
}

function routeByName(names: ServerNameTable, detected: Detected): Route | null {
  const { sni, alpn } = detected;
  const exact = sni === null ? undefined : names.exact.get(sni);
  const wildcard = sni === null ? undefined : findWildcard(names, sni);

  let service = firstInFile(exact, alpn) ?? firstInFile(wildcard, alpn);
  if (service !== null) return { service, reason: "sni_alpn" };
  service = exact?.bare ?? wildcard?.bare ?? null;
  if (service !== null) return { service, reason: "sni" };
  service = firstInFile(names.any, alpn);
  if (service !== null) return { service, reason: "alpn" };
  service = names.any.bare;
  return service === null ? null : { service, reason: "protocol" };
}

/** The star stands for the first label of a name, and for no text that is not one, such as that of `a:b.example.com`. */
function findWildcard({ wildcard }: ServerNameTable, name: string): AlpnTable | undefined {
  const dot = name.indexOf(".");
  const table = dot < 1 ? undefined : wildcard.get(name.slice(dot + 1));
  return table !== undefined && canonicalHostName(name) === name ? table : undefined;
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
