/**
 * A configuration as tables that a person can check: what `rpxy-l4 check` prints.
 *
 * @module
 */

import { formatHostPort } from "../../proto/ip.ts";
import { formatDuration } from "./duration.ts";
import { echTables } from "./ech/rows.ts";
import { describeTies, quicLbRows, routeRows, some } from "./route_rows.ts";
import type { Settings } from "./settings.ts";
import { formatTable } from "./text_table.ts";

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
    sections.push(section(transport.toUpperCase(), formatTable(rows)));
    const named = quicLbRows(routes);
    if (named.length > 0) sections.push(section("QUIC connection IDs", formatTable(named)));
    const ech = echTables(routes, settings.files).map((rows) => formatTable(rows));
    if (ech.length > 0) {
      sections.push(section("Encrypted Client Hello", ech.flatMap(withEmptyLine)));
    }
    for (const table of routes.byName.values()) notes.push(...describeTies(table));
  }
  notes.push(...warnings.map(({ line, message }) => `line ${line}: ${message}`));
  if (notes.length > 0) sections.push(section("Notes", notes));
  return sections.join("\n");
}

/** Parts a table from the one before it. */
function withEmptyLine(lines: readonly string[], index: number): readonly string[] {
  return index === 0 ? lines : ["", ...lines];
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
  return [title, ...lines.map((line) => `  ${line}`.trimEnd()), ""].join("\n");
}
