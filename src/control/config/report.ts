/**
 * A configuration as tables that a person can check: what `rpxy-l4 check` prints.
 *
 * @module
 */

import type { Transport } from "../../model/protocol.ts";
import type { AlpnTable, RouteTable, ServerNameTable, Service } from "../../model/snapshot.ts";
import { formatHostPort } from "../../proto/ip.ts";
import { formatDuration } from "./duration.ts";
import type { Settings } from "./settings.ts";
import { formatTable } from "./text_table.ts";

/** Names, targets and the like that one cell shows; the rest is counted. */
const MAX_IN_CELL = 4;

const HEADING = [
  "protocol",
  "server names",
  "ALPN",
  "service",
  "targets",
  "balance",
  "PROXY",
  "idle",
  "transparent",
];

/** Listeners, routes in order of precedence, and what is odd about them; ends with a line feed. */
export function describeRoutes(settings: Settings): string {
  const { snapshot, warnings } = settings;
  const listeners = snapshot.listeners.map(({ transport, address }) =>
    `${transport} ${formatHostPort(address)}`
  );
  const sections = [
    section("Listeners", some(listeners, 16).split(", ")),
    section("Engine", [describeEngine(settings)]),
  ];
  const notes: string[] = [];
  for (const transport of ["tcp", "udp"] as const) {
    const routes = snapshot[transport];
    if (routes.fallback === null && routes.sought.length === 0) continue;
    const rows = routeRows(transport, routes, snapshot.unmatched);
    sections.push(section(transport.toUpperCase(), formatTable(withoutEmptyEnd(rows))));
    if (routes.serverNames !== null) notes.push(...describeTies(routes.serverNames));
  }
  notes.push(...warnings.map(({ line, message }) => `line ${line}: ${message}`));
  if (notes.length > 0) sections.push(section("Notes", notes));
  return sections.join("\n");
}

/** The engine and what it is told, all but the defaults. */
function describeEngine({ engine, workers, snapshot }: Settings): string {
  if (engine === "streams") return engine;
  const { tcpFastOpen, tcpDeferAcceptMs, tcpUserTimeoutMs, mark } = snapshot.sockets;
  return [
    engine === "auto" ? "native where it can be used, else streams" : engine,
    workers === null ? "a worker for each core" : workers === 1 ? "1 worker" : `${workers} workers`,
    ...(tcpFastOpen ? ["TCP Fast Open"] : []),
    ...(tcpDeferAcceptMs > 0 ? [`accept deferred for ${formatDuration(tcpDeferAcceptMs)}`] : []),
    ...(tcpUserTimeoutMs > 0 ? [`user timeout ${formatDuration(tcpUserTimeoutMs)}`] : []),
    ...(mark > 0 ? [`mark ${mark}`] : []),
  ].join(", ");
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

/** What a `tls` or `quic` service is chosen by; both empty for a bare one. */
interface Filter {
  readonly names: Set<string>;
  readonly alpns: Set<string>;
}

function routeRows(
  transport: Transport,
  routes: RouteTable,
  unmatched: "target" | "drop",
): string[][] {
  const filters = collectFilters(routes.serverNames);
  const rows: string[][] = [];
  for (const protocol of routes.sought) {
    const bare = routes.byProtocol.get(protocol);
    if (bare !== undefined) rows.push(serviceRow(protocol, null, bare));
    const named = [...filters].filter(([service]) => service.protocol === protocol);
    named.sort(([a, byA], [b, byB]) => precedence(byA) - precedence(byB) || a.order - b.order);
    for (const [service, filter] of named) rows.push(serviceRow(protocol, filter, service));
    const { any } = routes.serverNames ?? { any: null };
    if (named.length > 0 && any?.bare === null && unmatched === "drop") {
      rows.push([protocol, "any other", "", "dropped"]);
    }
  }
  const others = `other ${transport.toUpperCase()}`;
  rows.push(
    routes.fallback === null
      ? [others, "", "", "dropped"]
      : serviceRow(others, null, routes.fallback),
  );
  return rows;
}

function serviceRow(protocol: string, filter: Filter | null, service: Service): string[] {
  return [
    protocol,
    filter === null ? "" : some(filter.names) || "any",
    filter === null ? "" : some(filter.alpns) || "any",
    service.name,
    some(service.targets.map(({ label }) => label)),
    service.loadBalance,
    service.sendProxyProtocol,
    service.idleMs === 0 ? "never" : formatDuration(service.idleMs),
    service.transparent ? "yes" : "",
  ];
}

/** The table with its heading, without the last column where no service has anything there. */
function withoutEmptyEnd(rows: readonly string[][]): string[][] {
  const last = HEADING.length - 1;
  const width = rows.some((row) => row[last] === "yes") ? HEADING.length : last;
  return [HEADING, ...rows].map((row) => row.slice(0, width));
}

/** Server name and ALPN before server name before ALPN before neither. */
function precedence({ names, alpns }: Filter): number {
  return (names.size > 0 ? 0 : 2) + (alpns.size > 0 ? 0 : 1);
}

function collectFilters(table: ServerNameTable | null): ReadonlyMap<Service, Filter> {
  const filters = new Map<Service, Filter>();
  if (table === null) return filters;
  for (const { name, services } of namedTables(table)) {
    const entries: (readonly [string | null, Service])[] = [...services.byAlpn];
    if (services.bare !== null) entries.push([null, services.bare]);
    for (const [alpn, service] of entries) {
      const filter = filters.get(service) ?? { names: new Set(), alpns: new Set() };
      filters.set(service, filter);
      if (name !== null) filter.names.add(name);
      if (alpn !== null) filter.alpns.add(alpn);
    }
  }
  return filters;
}

/** A client may offer several ALPN names that belong to several services: then the order of the file decides. */
function describeTies(table: ServerNameTable): string[] {
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

function* namedTables(
  { exact, wildcard, any }: ServerNameTable,
): Generator<{ readonly name: string | null; readonly services: AlpnTable }> {
  for (const [name, services] of exact) yield { name, services };
  for (const [name, services] of wildcard) yield { name: `*.${name}`, services };
  yield { name: null, services: any };
}

/** The first few of a list. */
function some(items: Iterable<string>, most = MAX_IN_CELL): string {
  const all = [...items];
  const more = all.length - most;
  return all.slice(0, most).join(", ") + (more > 0 ? `, and ${more} more` : "");
}
