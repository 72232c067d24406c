/**
 * From checked values to what the data plane reads.
 *
 * @module
 */

import type { Protocol, Transport } from "../../model/protocol.ts";
import type {
  ListenerSpec,
  RouteTable,
  ServerNameTable,
  Service,
  Snapshot,
  Target,
} from "../../model/snapshot.ts";
import type { Draft, ProtocolDraft } from "./draft.ts";
import type { ConfigIssue } from "./issues.ts";
import type { Settings } from "./settings.ts";
import { listenAddresses, takesServerNames, transportsOf } from "./validate.ts";

/** What a draft has when nothing was found wrong with it: every key that has a default or is required. */
type TopValues = Complete<
  Draft["top"]["values"],
  "listen_address_v6" | "tcp_target" | "udp_target" | "tcp_trusted_proxies" | "workers"
>;
type ProtocolValues = Complete<
  ProtocolDraft["values"],
  | "transport"
  | "idle_lifetime"
  | "server_names"
  | "alpn"
  | "alpns"
  | "send_proxy_protocol"
  | "transparent"
  | "ech"
>;
type Complete<T, Optional extends keyof T> =
  & { readonly [K in Exclude<keyof T, Optional>]-?: Exclude<T[K], undefined> }
  & { readonly [K in Optional]?: T[K] };

/** A service with the names that it is chosen by. */
interface NamedService {
  readonly service: Service;
  readonly serverNames: readonly string[] | undefined;
  readonly alpn: readonly string[] | undefined;
}

/** rpxy-l4's default for each UDP protocol, whatever `udp_idle_lifetime` says. */
const UDP_PROTOCOL_IDLE = 30_000;

/** Builds a draft without errors. */
export function buildSettings(draft: Draft, warnings: readonly ConfigIssue[]): Settings {
  const top = draft.top.values as TopValues;
  const services = draft.protocols.flatMap((protocol, order) =>
    buildServices(protocol, order, top)
  );
  const snapshot = buildSnapshot(top, services, draft.protocols.length);
  const { tcp, udp } = snapshot;
  const isTransparent = [tcp.fallback, udp.fallback, ...services.map(({ service }) => service)]
    .some((service) => service?.transparent);
  return Object.freeze({
    snapshot,
    drainTimeoutMs: top.drain_timeout,
    logLevel: top.log_level,
    accessLogFormat: top.access_log_format,
    engine: isTransparent ? "native" : top.engine,
    workers: top.workers ?? null,
    dns: Object.freeze({ minTtlMs: top.dns_cache_min_ttl, maxTtlMs: top.dns_cache_max_ttl }),
    warnings: Object.freeze(warnings),
  });
}

/** @param entries how many services the file has, which the defaults stand behind */
function buildSnapshot(
  top: TopValues,
  services: readonly NamedService[],
  entries: number,
): Snapshot {
  const tcp = buildRoutes("tcp", services, defaultService("tcp", entries, top));
  const udp = buildRoutes("udp", services, defaultService("udp", entries, top));
  const trusted = top.tcp_recv_proxy_protocol ? top.tcp_trusted_proxies : undefined;
  return Object.freeze({
    listeners: buildListeners(top, { tcp: isUsed(tcp), udp: isUsed(udp) }),
    tcp,
    udp,
    unmatched: top.unmatched,
    inboundProxy: trusted === undefined
      ? null
      : Object.freeze({ trusted: Object.freeze(trusted.map((cidr) => Object.freeze(cidr))) }),
    tcpMaxConnections: top.tcp_max_connections,
    udpMaxConnections: top.udp_max_connections,
    timeouts: Object.freeze({
      probeMs: top.probe_timeout,
      // A client that stays silent goes to the default target at the end of the probe time at the latest.
      serverFirstMs: top.server_first_delay === 0 ? top.probe_timeout : top.server_first_delay,
      connectMs: top.tcp_connect_timeout,
    }),
    sockets: Object.freeze({
      tcpFastOpen: top.tcp_fast_open,
      tcpDeferAcceptMs: top.tcp_defer_accept,
      tcpUserTimeoutMs: top.tcp_user_timeout,
      mark: top.socket_mark,
    }),
  });
}

/** Ports before addresses before transports; a transport without any service has no listener. */
function buildListeners(
  top: TopValues,
  used: Readonly<Record<Transport, boolean>>,
): readonly ListenerSpec[] {
  const transports = (["tcp", "udp"] as const).filter((transport) => used[transport]);
  const hosts = listenAddresses(top);
  return Object.freeze(
    top.listen_port.flatMap((port) =>
      hosts.flatMap((host) =>
        transports.map((transport) =>
          Object.freeze({
            transport,
            address: Object.freeze({ host, port }),
            backlog: top.tcp_backlog,
          })
        )
      )
    ),
  );
}

/** One for each transport that the entry serves. */
function buildServices(
  { name, values }: ProtocolDraft,
  order: number,
  top: TopValues,
): readonly NamedService[] {
  const entry = values as ProtocolValues;
  return transportsOf(entry).map((transport) => buildService(name, entry, transport, order, top));
}

function buildService(
  name: string,
  entry: ProtocolValues,
  transport: Transport,
  order: number,
  top: TopValues,
): NamedService {
  const udp = transport === "udp";
  const service: Service = Object.freeze({
    name,
    transport,
    protocol: entry.protocol,
    targets: frozenTargets(entry.target),
    loadBalance: entry.load_balance,
    sendProxyProtocol: udp ? "none" : entry.send_proxy_protocol ?? top.tcp_send_proxy_protocol,
    idleMs: entry.idle_lifetime ?? (udp ? UDP_PROTOCOL_IDLE : top.tcp_idle_timeout),
    transparent: entry.transparent ?? top.transparent,
    order,
  });
  return { service, serverNames: entry.server_names, alpn: entry.alpn ?? entry.alpns };
}

function defaultService(transport: Transport, order: number, top: TopValues): Service | null {
  const udp = transport === "udp";
  const targets = udp ? top.udp_target : top.tcp_target;
  if (targets === undefined) return null;
  return Object.freeze({
    name: "default",
    transport,
    protocol: null,
    targets: frozenTargets(targets),
    loadBalance: udp ? top.udp_load_balance : top.tcp_load_balance,
    sendProxyProtocol: udp ? "none" : top.tcp_send_proxy_protocol,
    idleMs: udp ? top.udp_idle_lifetime : top.tcp_idle_timeout,
    transparent: top.transparent,
    order,
  });
}

function frozenTargets(targets: readonly Target[]): readonly Target[] {
  return Object.freeze(targets.map((target) => Object.freeze(target)));
}

function buildRoutes(
  transport: Transport,
  services: readonly NamedService[],
  fallback: Service | null,
): RouteTable {
  const own = services.filter(({ service }) => service.transport === transport);
  const byProtocol = new Map<Protocol, Service>();
  const named: NamedService[] = [];
  for (const entry of own) {
    const { protocol } = entry.service;
    if (protocol === null) continue;
    if (takesServerNames(protocol)) named.push(entry);
    else byProtocol.set(protocol, entry.service);
  }
  const used = own.map(({ service }) => service.protocol).filter((protocol) => protocol !== null);
  return Object.freeze({
    fallback,
    byProtocol,
    serverNames: named.length === 0 ? null : buildServerNames(named),
    sought: Object.freeze([...new Set(used)]),
    needs: new Map(),
  });
}

function isUsed({ fallback, sought }: RouteTable): boolean {
  return fallback !== null || sought.length > 0;
}

/** An {@linkcode AlpnTable} while it is filled. */
interface GrowingAlpnTable {
  readonly byAlpn: Map<string, Service>;
  bare: Service | null;
}

function buildServerNames(rules: readonly NamedService[]): ServerNameTable {
  const exact = new Map<string, GrowingAlpnTable>();
  const wildcard = new Map<string, GrowingAlpnTable>();
  const any = emptyTable();
  for (const { service, serverNames, alpn } of rules) {
    for (const name of serverNames ?? [null]) {
      const table = name === null
        ? any
        : name.startsWith("*.")
        ? tableFor(wildcard, name.slice(2))
        : tableFor(exact, name);
      addTo(table, alpn, service);
    }
  }
  for (const table of [any, ...exact.values(), ...wildcard.values()]) Object.freeze(table);
  return Object.freeze({ exact, wildcard, any });
}

/** What an earlier rule has taken stays with it. */
function addTo(
  table: GrowingAlpnTable,
  alpns: readonly string[] | undefined,
  service: Service,
): void {
  if (alpns === undefined) {
    table.bare ??= service;
    return;
  }
  for (const alpn of alpns) {
    if (!table.byAlpn.has(alpn)) table.byAlpn.set(alpn, service);
  }
}

function tableFor(tables: Map<string, GrowingAlpnTable>, name: string): GrowingAlpnTable {
  const present = tables.get(name);
  if (present !== undefined) return present;
  const table = emptyTable();
  tables.set(name, table);
  return table;
}

function emptyTable(): GrowingAlpnTable {
  return { byAlpn: new Map(), bare: null };
}
