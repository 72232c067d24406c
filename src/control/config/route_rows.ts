/**
 * The routes of one transport as rows of a table, in order of precedence.
 *
 * @module
 */

import type { Protocol, Transport } from "../../model/protocol.ts";
import type {
  AlpnTable,
  Condition,
  NameMap,
  NameTable,
  RouteTable,
  Service,
} from "../../model/snapshot.ts";
import { formatIp } from "../../proto/ip.ts";
import { formatDuration } from "./duration.ts";
import { keyOf, takesKey } from "./match_keys.ts";
import { escapeInvisible } from "./value_error.ts";

/** Names, targets and the like that one cell shows; the rest is counted. */
const MAX_IN_CELL = 4;

const HEADING = [
  "protocol",
  "names",
  "ALPN",
  "conditions",
  "service",
  "targets",
  "balance",
  "PROXY",
  "idle",
  "transparent",
];

const QUIC_LB_HEADING = [
  "service",
  "config_rotation",
  "server ID",
  "nonce",
  "encrypted",
  "servers",
];

/** Columns that are left out where no service has anything there. */
const OPTIONAL = ["conditions", "transparent"];

/** Keys whose values stand in the column of names. */
const NAME_KEYS = ["server_names", "hosts", "query_names"] as const;

/** What a service is chosen by. */
interface Filter {
  readonly names: ReadonlySet<string>;
  readonly alpns: ReadonlySet<string>;
  /** The rest, in words. */
  readonly conditions: string;
}

/** The table with its heading. */
export function routeRows(
  transport: Transport,
  routes: RouteTable,
  unmatched: "target" | "drop",
): string[][] {
  const rows: string[][] = [];
  for (const protocol of routes.sought) rows.push(...protocolRows(protocol, routes, unmatched));
  const others = `other ${transport.toUpperCase()}`;
  rows.push(
    routes.fallback === null
      ? [others, "", "", "", "dropped"]
      : serviceRow(others, null, routes.fallback),
  );
  const kept = HEADING.map((heading, column) =>
    !OPTIONAL.includes(heading) || rows.some((row) => (row[column] ?? "") !== "")
  );
  return [HEADING, ...rows].map((row) => row.filter((_, column) => kept[column]));
}

/** How servers of QUIC services write their IDs into connection IDs, with a heading; empty where none does. */
export function quicLbRows(routes: RouteTable): string[][] {
  const rows = servicesOf("quic", routes).flatMap(({ name, quicLb = [] }) =>
    quicLb.map((config) => {
      const servers = [...config.servers].map(([id, { label }]) => `${id} is ${label}`);
      return [
        name,
        `${config.configRotation}`,
        bytesInWords(config.serverIdLength),
        bytesInWords(config.nonceLength),
        config.key === null ? "no" : "yes",
        some(servers),
      ];
    })
  );
  return rows.length === 0 ? [] : [QUIC_LB_HEADING, ...rows];
}

/**
 * Says where a client's own offer does not settle it: it may offer ALPN names that belong to several services, of which
 * the first in the file gets it.
 */
export function describeTies(table: NameTable): string[] {
  const ties = new Map<
    string,
    { readonly services: readonly Service[]; readonly names: string[] }
  >();
  for (const { name, services } of namedTables(table)) {
    const distinct = [...new Set(services.byAlpn.values())].sort((a, b) => a.order - b.order);
    if (distinct.length < 2) continue;
    const key = distinct.map(({ order }) => order).join();
    const tie = ties.get(key) ?? { services: distinct, names: [] };
    ties.set(key, tie);
    tie.names.push(name ?? "any server name");
  }
  return [...ties.values()].map(({ services, names }) =>
    `${some(names)}: a client that offers ALPN names of several of the services ` +
    `${some(services.map((service) => service.name))} gets the first of them`
  );
}

/** The services of a protocol in order of precedence. */
export function servicesOf(protocol: Protocol, routes: RouteTable): Service[] {
  return filtersInOrder(protocol, routes).map(([, service]) => service);
}

/** Names and patterns as they are written, with what belongs to each. */
export function patternsOf<Value>(
  { exact, wildcard, suffix }: NameMap<Value>,
): (readonly [string, Value])[] {
  return [
    ...exact,
    ...[...wildcard].map(([name, value]) => [`*.${name}`, value] as const),
    ...[...suffix].map(([name, value]) => [`.${name}`, value] as const),
  ];
}

/** The first few of a list. */
export function some(items: Iterable<string>, most = MAX_IN_CELL): string {
  const all = [...items];
  const more = all.length - most;
  return all.slice(0, most).join(", ") + (more > 0 ? `, and ${more} more` : "");
}

function protocolRows(
  protocol: Protocol,
  routes: RouteTable,
  unmatched: "target" | "drop",
): string[][] {
  const rows = filtersInOrder(protocol, routes)
    .map(([filter, service]) => serviceRow(protocol, filter, service));
  const takesAll = routes.byProtocol.has(protocol) ||
    (routes.byName.get(protocol)?.any.bare ?? null) !== null;
  if (rows.length > 0 && !takesAll && unmatched === "drop") {
    rows.push([protocol, "any other", "", "", "dropped"]);
  }
  return rows;
}

/** The services of a protocol in order of precedence; null stands for one that takes everything. */
function filtersInOrder(
  protocol: Protocol,
  { conditional, byName, byProtocol }: RouteTable,
): (readonly [Filter | null, Service])[] {
  const tried = conditional.get(protocol) ?? [];
  const table = byName.get(protocol);
  const named = table === undefined ? [] : [...collectFilters(table)];
  named.sort(([a, byA], [b, byB]) => precedence(byA) - precedence(byB) || a.order - b.order);
  const bare = byProtocol.get(protocol);
  return [
    ...tried.map(({ service, conditions }) => [conditionFilter(conditions), service] as const),
    ...named.map(([service, filter]) => [filter, service] as const),
    ...bare === undefined ? [] : [[null, bare] as const],
  ];
}

function serviceRow(protocol: string, filter: Filter | null, service: Service): string[] {
  const { protocol: own } = service;
  const hasNames = own !== null && NAME_KEYS.some((key) => takesKey(own, key));
  const hasAlpn = own !== null && takesKey(own, "alpn");
  return [
    protocol,
    filter === null ? "" : some(filter.names) || (hasNames ? "any" : ""),
    filter === null ? "" : some(filter.alpns) || (hasAlpn ? "any" : ""),
    filter === null ? "" : filter.conditions,
    service.name,
    some(service.targets.map(({ label }) => label)),
    service.loadBalance,
    service.sendProxyProtocol,
    service.idleMs === 0 ? "never" : formatDuration(service.idleMs),
    service.transparent ? "yes" : "",
  ];
}

/** Server name and ALPN before server name before ALPN before neither. */
function precedence({ names, alpns }: Filter): number {
  return (names.size > 0 ? 0 : 2) + (alpns.size > 0 ? 0 : 1);
}

function conditionFilter(conditions: readonly Condition[]): Filter {
  const names = conditions.flatMap((one) =>
    one.kind === "names" ? patternsOf(one.names).map(([pattern]) => pattern) : []
  );
  const alpns = conditions.flatMap((one) => one.kind === "alpn" ? [...one.names] : []);
  const others = conditions.map(describeCondition).filter((words) => words !== "");
  return { names: new Set(names), alpns: new Set(alpns), conditions: others.join("; ") };
}

/** `paths /api, /v2`; empty for names and ALPN, which have columns of their own. */
function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "names":
    case "alpn":
      return "";
    case "paths":
      return `paths ${some(condition.prefixes.map(asWritten))}`;
    case "text":
      return `${keyOf(condition.field)} ${some(condition.patterns.map(asWritten))}`;
    case "values":
      return `${keyOf(condition.field)} ${some([...condition.values].map(asWritten))}`;
    case "sources":
      return `sources ${
        some(
          condition.blocks.map(({ bytes, prefixLength }) => `${formatIp(bytes)}/${prefixLength}`),
        )
      }`;
  }
}

/** A text that rules have as the bytes of its UTF-8. */
function asWritten(bytes: string): string {
  const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  return escapeInvisible(text);
}

function collectFilters(table: NameTable): ReadonlyMap<Service, Filter> {
  const filters = new Map<
    Service,
    { readonly names: Set<string>; readonly alpns: Set<string>; readonly conditions: "" }
  >();
  for (const { name, services } of namedTables(table)) {
    const entries: (readonly [string | null, Service])[] = [...services.byAlpn];
    if (services.bare !== null) entries.push([null, services.bare]);
    for (const [alpn, service] of entries) {
      const filter = filters.get(service) ??
        { names: new Set<string>(), alpns: new Set<string>(), conditions: "" };
      filters.set(service, filter);
      if (name !== null) filter.names.add(name);
      if (alpn !== null) filter.alpns.add(alpn);
    }
  }
  return filters;
}

function* namedTables(
  { exact, wildcard, suffix, any }: NameTable,
): Generator<{ readonly name: string | null; readonly services: AlpnTable }> {
  for (const [name, services] of exact) yield { name, services };
  for (const [name, services] of wildcard) yield { name: `*.${name}`, services };
  for (const [name, services] of suffix) yield { name: `.${name}`, services };
  yield { name: null, services: any };
}

function bytesInWords(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
