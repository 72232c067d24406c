/**
 * From checked values to what the data plane reads.
 *
 * @module
 */

import type { Transport } from "../../model/protocol.ts";
import type { ListenerSpec, RouteTable, Service, Snapshot, Target } from "../../model/snapshot.ts";
import type { Draft, ProtocolDraft } from "./draft.ts";
import { buildEch } from "./ech/build.ts";
import type { EchPlans } from "./ech/check.ts";
import type { ConfigIssue } from "./issues.ts";
import type { Settings } from "./settings.ts";
import type { MatchKey } from "./match_keys.ts";
import { frozenQuicLb } from "./quic_lb.ts";
import { buildRoutes, type Rule, servedTransports } from "./routes.ts";
import { listenAddresses } from "./validate.ts";

/** What a draft has when nothing was found wrong with it: every key that has a default or is required. */
type TopValues = Complete<
  Draft["top"]["values"],
  "listen_address_v6" | "tcp_target" | "udp_target" | "tcp_trusted_proxies" | "workers"
>;
type ProtocolValues = Complete<
  ProtocolDraft["values"],
  | MatchKey
  | "transport"
  | "idle_lifetime"
  | "send_proxy_protocol"
  | "transparent"
  | "quic_lb"
>;
type Complete<T, Optional extends keyof T> =
  & { readonly [K in Exclude<keyof T, Optional>]-?: Exclude<T[K], undefined> }
  & { readonly [K in Optional]?: T[K] };

/** rpxy-l4's default for each UDP protocol, whatever `udp_idle_lifetime` says. */
const UDP_PROTOCOL_IDLE = 30_000;

/** Builds a draft without errors. */
export function buildSettings(
  draft: Draft,
  plans: EchPlans,
  warnings: readonly ConfigIssue[],
): Settings {
  const top = draft.top.values as TopValues;
  const services = draft.protocols.flatMap((protocol, order) =>
    buildServices(protocol, order, top, plans)
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
    files: Object.freeze(
      [...plans].flatMap(([service, { files }]) => files.map((path) => ({ service, path }))),
    ),
    warnings: Object.freeze(warnings),
  });
}

/** @param entries how many services the file has, which the defaults stand behind */
function buildSnapshot(
  top: TopValues,
  services: readonly Rule[],
  entries: number,
): Snapshot {
  const tcp = buildRoutes("tcp", services, defaultService("tcp", entries, top), top.log_ja4);
  const udp = buildRoutes("udp", services, defaultService("udp", entries, top), top.log_ja4);
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
  { name, values, ech }: ProtocolDraft,
  order: number,
  top: TopValues,
  plans: EchPlans,
): readonly Rule[] {
  const entry = values as ProtocolValues;
  const plan = plans.get(name);
  return servedTransports(entry).map((transport) => {
    const service = buildService(name, entry, transport, order, top);
    const complete = ech === null || plan === undefined
      ? service
      : { ...service, ech: buildEch(ech, plan, service) };
    return { service: Object.freeze(complete), values: entry };
  });
}

function buildService(
  name: string,
  entry: ProtocolValues,
  transport: Transport,
  order: number,
  top: TopValues,
): Service {
  const udp = transport === "udp";
  const targets = frozenTargets(entry.target);
  const { quic_lb } = entry;
  return {
    name,
    transport,
    protocol: entry.protocol,
    targets,
    loadBalance: entry.load_balance,
    sendProxyProtocol: udp ? "none" : entry.send_proxy_protocol ?? top.tcp_send_proxy_protocol,
    idleMs: entry.idle_lifetime ?? (udp ? UDP_PROTOCOL_IDLE : top.tcp_idle_timeout),
    transparent: entry.transparent ?? top.transparent,
    order,
    ...(quic_lb !== undefined && { quicLb: frozenQuicLb(quic_lb, targets) }),
  };
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

function isUsed({ fallback, sought }: RouteTable): boolean {
  return fallback !== null || sought.length > 0;
}
