/**
 * Snapshots for tests of the pipeline and the engines, with only what a test is about spelt out.
 *
 * @module
 */

import type { SocketAddress } from "../../src/model/address.ts";
import type { Detected, Protocol } from "../../src/model/protocol.ts";
import type {
  AlpnTable,
  NameTable,
  RouteTable,
  Service,
  Snapshot,
  Target,
} from "../../src/model/snapshot.ts";

/** An address from `host:port` or `[host]:port`. */
export function address(text: string): SocketAddress {
  const colon = text.lastIndexOf(":");
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(text.slice(colon + 1)),
  };
}

/** A target from `host:port`. */
export function target(label: string): Target {
  const { host, port } = address(label);
  return { host, port, isIp: /^[\d.]+$|:/.test(host), label };
}

/** A TCP service, by default with one target. */
export function service(name: string, part: Partial<Service> = {}): Service {
  return {
    name,
    transport: "tcp",
    protocol: null,
    targets: [target("10.0.0.1:80")],
    loadBalance: "none",
    sendProxyProtocol: "none",
    idleMs: 0,
    transparent: false,
    order: 0,
    ...part,
  };
}

/** Routes of one transport; empty by default. */
export function routeTable(part: Partial<RouteTable> = {}): RouteTable {
  return {
    fallback: null,
    conditional: new Map(),
    byName: new Map(),
    byProtocol: new Map(),
    sought: [],
    needs: new Map(),
    ...part,
  };
}

/** Routes to services by protocol, with or without a default. */
export function protocolRoutes(
  services: Partial<Record<Protocol, Service>>,
  fallback: Service | null = null,
): RouteTable {
  const byProtocol = new Map<Protocol, Service>();
  for (const service of Object.values(services)) {
    if (service.protocol !== null) byProtocol.set(service.protocol, service);
  }
  return routeTable({ byProtocol, fallback, sought: [...byProtocol.keys()] });
}

/** Services by ALPN name, as they are looked up for one server name. */
export function alpnTable(byAlpn: Record<string, Service>, bare: Service | null = null): AlpnTable {
  return { byAlpn: new Map(Object.entries(byAlpn)), bare };
}

/** Services by name. */
export function nameTable(
  part: {
    exact?: Record<string, AlpnTable>;
    wildcard?: Record<string, AlpnTable>;
    suffix?: Record<string, AlpnTable>;
    any?: AlpnTable;
  },
): NameTable {
  return {
    exact: new Map(Object.entries(part.exact ?? {})),
    wildcard: new Map(Object.entries(part.wildcard ?? {})),
    suffix: new Map(Object.entries(part.suffix ?? {})),
    any: part.any ?? alpnTable({}),
  };
}

/** Rules by name of one protocol alone, as a route table has them. */
export function namedRoutes(
  protocol: Protocol,
  part: Parameters<typeof nameTable>[0],
): RouteTable["byName"] {
  return new Map([[protocol, nameTable(part)]]);
}

/** A snapshot without listeners and routes. */
export function snapshot(part: Partial<Snapshot> = {}): Snapshot {
  return {
    listeners: [],
    tcp: routeTable(),
    udp: routeTable(),
    unmatched: "target",
    inboundProxy: null,
    tcpMaxConnections: 1024,
    udpMaxConnections: 2048,
    timeouts: { probeMs: 3_000, serverFirstMs: 300, connectMs: 10_000 },
    sockets: { tcpFastOpen: false, tcpDeferAcceptMs: 0, tcpUserTimeoutMs: 0, mark: 0 },
    ...part,
  };
}

/** What a sniffer says of a ClientHello, or of another protocol. */
export function detected(part: Partial<Detected> = {}): Detected {
  return {
    protocol: "tls",
    sni: null,
    alpn: [],
    ech: false,
    version: null,
    consumed: 0,
    ...part,
  };
}
