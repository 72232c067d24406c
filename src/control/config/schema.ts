// deno-lint-ignore-file camelcase -- keys are named as in the file
/**
 * Every key of a configuration: its type, its default, and how its value is read.
 *
 * @module
 */

import { z } from "zod";
import { MAX_WORKERS } from "../../model/limits.ts";
import { formatIp } from "../../proto/ip.ts";
import { PROTOCOLS } from "../../proto/registry.ts";
import { formatDuration, MAX_DURATION, parseDuration, parseSeconds } from "./duration.ts";
import {
  boundPorts,
  parseListenV4,
  parseListenV6,
  parsePortRange,
  parseTrusted,
} from "./endpoint.ts";
import { echTable } from "./ech/schema.ts";
import { MATCH_KEY_SCHEMAS } from "./match_keys.ts";
import { quicLb } from "./quic_lb.ts";
import { loadBalance, targets } from "./target_schema.ts";
import { quote, ValueError } from "./value_error.ts";
import {
  addressOrList,
  choice,
  distinctList,
  expected,
  flag,
  integer,
  reading,
  text,
} from "./value_schema.ts";

const ports = z.union([
  reading(integer(1, 65_535), (port) => [port]),
  reading(text.meta({ pattern: "^\\s*[0-9]{1,5}\\s*-\\s*[0-9]{1,5}\\s*$" }), parsePortRange),
], { error: expected('a port or a range such as "8000-8010"') });

const listenPort = z.union([
  ports,
  reading(
    distinctList(ports, "ports", (some) => some.map(String)),
    (all) => boundPorts(all.flat()),
  ),
], { error: expected('a port, a range such as "8000-8010", or an array of these') });

const durationText = z.string({ error: expected('a duration with a unit, such as "30s"') })
  .meta({ pattern: "^\\s*[0-9]+\\s*[A-Za-z]+\\s*$" });

const duration = reading(durationText, parseDuration);

/** A wait that must end. */
const positiveDuration = reading(durationText, (value) => {
  const milliseconds = parseDuration(value);
  if (milliseconds > 0) return milliseconds;
  throw new ValueError(`${quote(value)} leaves no time at all`, "Write at least 1ms");
});

/** 0, or a time within bounds that are included. */
function zeroOrFrom(least: number, most: number) {
  return reading(durationText, (value) => {
    const milliseconds = parseDuration(value);
    if (milliseconds === 0 || (milliseconds >= least && milliseconds <= most)) return milliseconds;
    throw new ValueError(
      `${quote(value)} is neither 0s nor from ${formatDuration(least)} to ${formatDuration(most)}`,
    );
  });
}

const lifetime = z.union([
  reading(integer(0, MAX_DURATION / 1_000), parseSeconds),
  duration,
], { error: expected('a number of seconds or a duration such as "30s"') });

const sendProxyProtocol = choice(["v1", "v2", "none"], { aliases: { "1": "v1", "2": "v2" } });

/** Keys of a `[protocols.NAME]` table. */
export const PROTOCOL_KEYS = {
  protocol: choice(PROTOCOLS, {
    hints: {
      https: 'HTTPS is HTTP in TLS: use "tls"',
      ssl: 'Use "tls"',
      h3: 'HTTP/3 runs over QUIC: use "quic"',
      http3: 'HTTP/3 runs over QUIC: use "quic"',
      tcp: "Traffic of no recognised protocol goes to tcp_target",
      udp: "Traffic of no recognised protocol goes to udp_target",
      any: "Traffic of no recognised protocol goes to tcp_target and udp_target",
      anyprot: "Traffic of no recognised protocol goes to tcp_target and udp_target",
      ...serverFirst(["ftp", "imap", "mysql", "pop3", "smtp", "vnc"]),
    },
    otherwise: 'What is not among them can go to tcp_target or udp_target, or be told by "regex"',
  }).meta({ description: "What the first bytes are recognised as." }),
  transport: choice(["tcp", "udp"]).optional().meta({
    description: "The only transport to serve, of a protocol that has both.",
  }),
  target: targets.meta({ description: "Backends, as host:port." }),
  load_balance: loadBalance.prefault("none").meta({
    description: "How a backend is picked; none takes the first that answers.",
  }),
  idle_lifetime: lifetime.optional().meta({
    description:
      "Time without traffic after which a flow ends, in seconds or with a unit; 0 = never. 30 over UDP, tcp_idle_timeout over TCP.",
  }),
  ...MATCH_KEY_SCHEMAS,
  send_proxy_protocol: sendProxyProtocol.optional().meta({
    description: "PROXY protocol header to backends; tcp_send_proxy_protocol where it is left out.",
  }),
  transparent: flag.optional().meta({
    description: "As transparent on top level, for this service.",
  }),
  quic_lb: quicLb.optional().meta({
    description: "quic: how connection IDs name their backend (draft-ietf-quic-load-balancers).",
  }),
  ech: echTable.optional().meta({ description: "tls, quic: Encrypted Client Hello." }),
};

/** Keys on top level, except `protocols` and its other spelling `protocol`. */
export const TOP_LEVEL_KEYS = {
  listen_port: listenPort.meta({ description: "Port, range of ports, or array of both." }),
  listen_address_v4: addressOrList(parseListenV4, "0.0.0.0").prefault("0.0.0.0").meta({
    description: "IPv4 addresses to listen on.",
  }),
  listen_address_v6: addressOrList(parseListenV6, "::").optional().meta({
    description: "IPv6 addresses to listen on; implies listen_ipv6.",
  }),
  listen_ipv6: flag.default(false).meta({ description: "Listen on :: too." }),
  tcp_backlog: integer(1, 2 ** 31 - 1).default(1024).meta({
    description: "Connections that the system queues before they are accepted.",
  }),
  tcp_max_connections: integer(1, 2 ** 32 - 1).default(1024).meta({
    description: "Most TCP connections at a time.",
  }),
  udp_max_connections: integer(1, 2 ** 32 - 1).default(2048).meta({
    description: "Most UDP sessions at a time.",
  }),
  tcp_target: targets.optional().meta({ description: "Default backends for TCP." }),
  tcp_load_balance: loadBalance.prefault("none").meta({
    description: "How one of tcp_target is picked.",
  }),
  udp_target: targets.optional().meta({ description: "Default backends for UDP." }),
  udp_load_balance: loadBalance.prefault("none").meta({
    description: "How one of udp_target is picked.",
  }),
  udp_idle_lifetime: lifetime.prefault(30).meta({
    description:
      "Time without a datagram from the client after which a session to udp_target ends.",
  }),
  tcp_idle_timeout: duration.prefault("24h").meta({
    description: "Time without traffic after which a TCP connection ends; 0s = never.",
  }),
  tcp_connect_timeout: positiveDuration.prefault("5s").meta({
    description: "Time for each attempt to connect to a backend.",
  }),
  probe_timeout: positiveDuration.prefault("3s").meta({
    description: "Time for a client to show its protocol.",
  }),
  server_first_delay: duration.prefault("300ms").meta({
    description: "Silence after which tcp_target is dialled; 0s = never before probe_timeout.",
  }),
  drain_timeout: duration.prefault("30s").meta({
    description: "Time that a shutdown gives to open flows.",
  }),
  dns_cache_min_ttl: duration.prefault("30s").meta({
    description: "Least time that a DNS answer is kept.",
  }),
  dns_cache_max_ttl: duration.prefault("1h").meta({
    description: "Most time that a DNS answer is kept.",
  }),
  tcp_send_proxy_protocol: sendProxyProtocol.prefault("none").meta({
    description: "PROXY protocol header to TCP backends.",
  }),
  tcp_recv_proxy_protocol: flag.default(false).meta({
    description: "Every TCP connection begins with a PROXY protocol header.",
  }),
  tcp_trusted_proxies: distinctList(
    reading(text, parseTrusted),
    "address blocks",
    ({ bytes, prefixLength }) => [`${formatIp(bytes)}/${prefixLength}`],
  ).optional().meta({ description: "Address blocks that may send PROXY protocol headers." }),
  unmatched: choice(["target", "drop"]).prefault("target").meta({
    description:
      "Where a flow goes that fits no rule of its protocol: the default target or nowhere.",
  }),
  log_level: choice(["debug", "info", "warn", "error"], { aliases: { trace: "debug" } })
    .prefault("info").meta({ description: "Least severity that is logged." }),
  access_log_format: choice(["text", "json", "none"]).prefault("text").meta({
    description: "Form of the access log; none writes no lines.",
  }),
  log_ja4: flag.default(false).meta({
    description: "Whether the access log has the JA4 fingerprint of each ClientHello.",
  }),
  engine: choice(["auto", "streams", "native"]).prefault("auto").meta({
    description: "What moves the bytes; auto takes native where it can be used, else streams.",
  }),
  workers: integer(1, MAX_WORKERS).optional().meta({
    description: "native: threads; one for each core where it is left out.",
  }),
  tcp_fast_open: flag.default(false).meta({
    description: "native: the first packet of a connection may carry data.",
  }),
  // The system counts whole seconds, and gives a connection up after about a minute.
  tcp_defer_accept: zeroOrFrom(1_000, 60_000).prefault("0s").meta({
    description: "native: time that the system waits for a client's first byte; 0s = none.",
  }),
  // A single lost packet may well take most of a second to be made good.
  tcp_user_timeout: zeroOrFrom(1_000, 86_400_000).prefault("0s").meta({
    description:
      "native: time after which a peer that acknowledges nothing is gone; 0s = the system's own.",
  }),
  socket_mark: integer(0, 2 ** 32 - 1).default(0).meta({
    description:
      "native: mark of all packets to backends, for routing and firewall rules; 0 = none.",
  }),
  transparent: flag.default(false).meta({
    description: "native: backends see the client's address as that of the connection.",
  }),
};

/** Hints for protocols whose clients say nothing that they could be told by. */
function serverFirst(protocols: readonly string[]): Record<string, string> {
  const hint = "Its servers speak first: make the target tcp_target, dialled for silent clients";
  return Object.fromEntries(protocols.map((protocol) => [protocol, hint]));
}

/** The JSON Schema of a configuration file, for editors and linters. */
export function configJsonSchema(): Record<string, unknown> {
  const protocols = z.record(z.string(), z.strictObject(PROTOCOL_KEYS)).optional();
  const file = z.strictObject({ ...TOP_LEVEL_KEYS, protocols, protocol: protocols });
  return { ...z.toJSONSchema(file, { io: "input" }), title: "rpxy-l4 configuration" };
}
