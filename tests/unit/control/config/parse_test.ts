import assert from "node:assert/strict";
import { parseConfig } from "../../../../src/control/config/parse.ts";
import { PROTOCOL_KEYS, TOP_LEVEL_KEYS } from "../../../../src/control/config/schema.ts";
import type { ListenerSpec } from "../../../../src/model/snapshot.ts";
import example from "../../../../config.example.toml" with { type: "text" };
import { ECH_KEY_NAMES } from "../../../../src/control/config/ech/schema.ts";
import { echKey } from "../../../support/ech_client.ts";
import { files, keyFile } from "../../../support/ech_config.ts";
import spec from "../../../../config.spec.toml" with { type: "text" };

const MINIMAL = 'listen_port = 8448\ntcp_target = ["10.0.0.1:80"]\n';

Deno.test("parseConfig() fills in the defaults of rpxy-l4", () => {
  const settings = parseConfig(MINIMAL, "config.toml");
  const target = { host: "10.0.0.1", port: 80, isIp: true, label: "10.0.0.1:80" };
  assert.deepEqual(settings, {
    snapshot: {
      listeners: [{
        transport: "tcp",
        address: { host: "0.0.0.0", port: 8448 },
        backlog: 1024,
      }],
      tcp: {
        fallback: {
          name: "default",
          transport: "tcp",
          protocol: null,
          targets: [target],
          loadBalance: "none",
          sendProxyProtocol: "none",
          idleMs: 86_400_000,
          transparent: false,
          order: 0,
        },
        conditional: new Map(),
        byName: new Map(),
        byProtocol: new Map(),
        sought: [],
        needs: new Map(),
      },
      udp: {
        fallback: null,
        conditional: new Map(),
        byName: new Map(),
        byProtocol: new Map(),
        sought: [],
        needs: new Map(),
      },
      unmatched: "target",
      inboundProxy: null,
      tcpMaxConnections: 1024,
      udpMaxConnections: 2048,
      timeouts: { probeMs: 3_000, serverFirstMs: 300, connectMs: 5_000 },
      sockets: { tcpFastOpen: false, tcpDeferAcceptMs: 0, tcpUserTimeoutMs: 0, mark: 0 },
    },
    drainTimeoutMs: 30_000,
    logLevel: "info",
    accessLogFormat: "text",
    engine: "auto",
    workers: null,
    dns: { minTtlMs: 30_000, maxTtlMs: 3_600_000 },
    files: [],
    warnings: [],
  });
});

Deno.test("parseConfig() takes each key over rpxy-l4's defaults", () => {
  const { snapshot, ...settings } = parseConfig(
    `
listen_port = [443, "8000-8001"]
listen_address_v4 = ["10.0.0.5", "10.0.0.5"]
listen_address_v6 = "[2001:DB8::1]"
tcp_backlog = 7
tcp_max_connections = 8
udp_max_connections = 9
udp_target = ["[2001:db8::2]:53"]
udp_load_balance = "Source_Socket"
udp_idle_lifetime = 0
tcp_idle_timeout = "5 mins"
tcp_connect_timeout = "250ms"
probe_timeout = "1s"
server_first_delay = "2 sec"
drain_timeout = "1h"
dns_cache_min_ttl = "1m"
dns_cache_max_ttl = "1 HOUR"
tcp_send_proxy_protocol = "V1"
tcp_recv_proxy_protocol = true
tcp_trusted_proxies = ["10.0.0.0/8", "192.0.2.7"]
unmatched = "drop"
log_level = "trace"
access_log_format = "JSON"
engine = "NATIVE"
workers = 2
tcp_fast_open = true
tcp_defer_accept = "3s"
tcp_user_timeout = "90s"
socket_mark = 0xffff_ffff
[protocol.s]
protocol = "ssh"
target = ["Backend.Example:22"]
load_balance = "random"
idle_lifetime = "12h"
send_proxy_protocol = "2"
transparent = true
[protocol.h]
protocol = "http"
target = ["backend:80"]
send_proxy_protocol = "NONE"
[protocol.x]
protocol = "socks5"
target = ["backend:1080"]
[protocol.w]
protocol = "wireguard"
target = ["backend:51820"]
`,
    "config.toml",
  );
  const address = ({ transport, address: { host, port } }: ListenerSpec) =>
    `${transport} ${host} ${port}`;
  assert.deepEqual(
    snapshot.listeners.map(address),
    [443, 8000, 8001].flatMap((port) =>
      ["10.0.0.5", "2001:db8::1"].flatMap((host) => [`tcp ${host} ${port}`, `udp ${host} ${port}`])
    ),
  );
  const { s, h, x, w } = Object.fromEntries(
    [...snapshot.tcp.byProtocol.values(), ...snapshot.udp.byProtocol.values()]
      .map((service) => [service.name, service]),
  );
  assert.deepEqual(s, {
    name: "s",
    transport: "tcp",
    protocol: "ssh",
    targets: [{ host: "backend.example", port: 22, isIp: false, label: "backend.example:22" }],
    loadBalance: "random",
    sendProxyProtocol: "v2",
    idleMs: 43_200_000,
    transparent: true,
    order: 0,
  });
  assert.equal(h?.sendProxyProtocol, "none");
  assert.equal(x?.sendProxyProtocol, "v1");
  assert.equal(x?.idleMs, 300_000);
  assert.equal(w?.sendProxyProtocol, "none");
  assert.equal(w?.idleMs, 30_000, "not the 0 of udp_idle_lifetime");
  assert.equal(w?.transparent, false);
  assert.deepEqual(snapshot.udp.fallback, {
    name: "default",
    transport: "udp",
    protocol: null,
    targets: [{ host: "2001:db8::2", port: 53, isIp: true, label: "[2001:db8::2]:53" }],
    loadBalance: "source_socket",
    sendProxyProtocol: "none",
    idleMs: 0,
    transparent: false,
    order: 4,
  });
  assert.deepEqual(snapshot.tcp.sought, ["ssh", "http", "socks5"]);
  assert.equal(snapshot.tcp.fallback, null);
  assert.deepEqual(snapshot.inboundProxy, {
    trusted: [
      { bytes: Uint8Array.of(10, 0, 0, 0), prefixLength: 8 },
      { bytes: Uint8Array.of(192, 0, 2, 7), prefixLength: 32 },
    ],
  });
  assert.equal(snapshot.unmatched, "drop");
  assert.deepEqual(snapshot.timeouts, { probeMs: 1_000, serverFirstMs: 2_000, connectMs: 250 });
  assert.deepEqual(snapshot.sockets, {
    tcpFastOpen: true,
    tcpDeferAcceptMs: 3_000,
    tcpUserTimeoutMs: 90_000,
    mark: 0xffff_ffff,
  });
  assert.deepEqual(settings, {
    drainTimeoutMs: 3_600_000,
    logLevel: "debug",
    accessLogFormat: "json",
    engine: "native",
    workers: 2,
    dns: { minTtlMs: 60_000, maxTtlMs: 3_600_000 },
    files: [],
    warnings: [],
  });
});

Deno.test("parseConfig() makes services transparent as the top level says, but where they say otherwise", () => {
  const { snapshot } = parseConfig(
    `${MINIMAL}transparent = true
    [protocols.same]
    protocol = "ssh"
    target = ["10.0.0.2:22"]
    [protocols.other]
    protocol = "http"
    target = ["10.0.0.3:80"]
    transparent = false`,
    "config.toml",
  );
  const { fallback, byProtocol } = snapshot.tcp;
  assert.deepEqual(
    [fallback, ...byProtocol.values()].map((service) => [service?.name, service?.transparent]),
    [["default", true], ["same", true], ["other", false]],
  );
});

Deno.test("parseConfig() takes the native engine alone where a service is transparent", () => {
  const engine = (lines: string) => parseConfig(`${MINIMAL}${lines}`, "config.toml").engine;
  assert.equal(engine("transparent = true"), "native");
  const service = '[protocols.s]\nprotocol = "ssh"\ntarget = ["10.0.0.2:22"]\ntransparent =';
  assert.equal(engine(`${service} true`), "native");
  assert.equal(engine(`engine = "auto"\n${service} false`), "auto");
});

Deno.test("parseConfig() dials the default target at the end of the probe time without a server_first_delay", () => {
  const { snapshot } = parseConfig(`${MINIMAL}server_first_delay = "0s"`, "config.toml");
  assert.equal(snapshot.timeouts.serverFirstMs, snapshot.timeouts.probeMs);
});

Deno.test("parseConfig() takes bounds of the time to live that are the same", () => {
  const { dns } = parseConfig(`${MINIMAL}dns_cache_min_ttl = "1h"`, "config.toml");
  assert.deepEqual(dns, { minTtlMs: 3_600_000, maxTtlMs: 3_600_000 });
});

Deno.test("parseConfig() listens on both wildcards with listen_ipv6, and for used transports only", () => {
  const { snapshot } = parseConfig(
    'listen_port = 1\nlisten_ipv6 = true\nudp_target = ["a:1"]',
    "config.toml",
  );
  assert.deepEqual(snapshot.listeners.map(({ transport, address }) => [transport, address.host]), [
    ["udp", "0.0.0.0"],
    ["udp", "::"],
  ]);
});

Deno.test("parseConfig() sorts server names and ALPN names into look-up tables", () => {
  const { snapshot } = parseConfig(
    `
listen_port = 443
[protocols.both]
protocol = "tls"
target = ["a:1"]
server_names = ["WWW.Example.com.", "*.münchen.example"]
alpn = ["H2", "http/1.1"]
[protocols.name]
protocol = "tls"
target = ["a:1"]
server_names = ["www.example.com"]
[protocols.later]
protocol = "tls"
target = ["a:1"]
server_names = ["www.example.com", "other.example.com"]
[protocols.alpn]
protocol = "tls"
target = ["a:1"]
alpns = ["dot"]
[protocols.bare]
protocol = "tls"
target = ["a:1"]
`,
    "config.toml",
  );
  const names = snapshot.tcp.byName.get("tls");
  assert.ok(names !== undefined);
  const www = names.exact.get("www.example.com");
  assert.deepEqual([...www?.byAlpn ?? []].map(([alpn, { name }]) => [alpn, name]), [
    ["h2", "both"],
    ["http/1.1", "both"],
  ]);
  assert.equal(www?.bare?.name, "name", "the first in the file has it");
  assert.equal(names.exact.get("other.example.com")?.bare?.name, "later");
  assert.equal(names.wildcard.get("xn--mnchen-3ya.example")?.byAlpn.get("h2")?.name, "both");
  assert.deepEqual([...names.any.byAlpn.keys()], ["dot"]);
  assert.equal(names.any.bare?.name, "bare");
  assert.deepEqual(snapshot.tcp.sought, ["tls"]);
});

Deno.test("parseConfig() keeps services in the order of the file, whatever their names are", () => {
  const service = (table: string, alpn: string) =>
    `[${table}]\nprotocol = "tls"\ntarget = ["a:1"]\nalpn = ["${alpn}"]\n`;
  const { snapshot } = parseConfig(
    "listen_port = 443\n" + service("protocol.z", "a") + service("protocols.10", "b") +
      service("protocol.9", "c") + service("protocols.a", "d"),
    "config.toml",
  );
  const services = [...snapshot.tcp.byName.get("tls")?.any.byAlpn.values() ?? []];
  assert.deepEqual(services.map(({ name, order }) => [name, order]), [
    ["z", 0],
    ["10", 1],
    ["9", 2],
    ["a", 3],
  ]);
});

Deno.test("parseConfig() reads keys in any TOML notation", () => {
  const inline = 'listen_port = 1\nprotocols = { s = { protocol = "ssh", target = ["a:1"] } }\n';
  const dotted = 'listen_port = 1\nprotocols.s.protocol = "ssh"\nprotocols.s.target = ["a:1"]\n';
  const tables =
    '\ufefflisten_port = 1\r\n["protocols".s]\r\nprotocol = \'ssh\'\r\ntarget = ["a:1"]\r\n';
  const expected = parseConfig(tables, "config.toml");
  assert.deepEqual(parseConfig(inline, "config.toml"), expected);
  assert.deepEqual(parseConfig(dotted, "config.toml"), expected);
});

Deno.test("parseConfig() gives plain, frozen data that a worker can be sent", () => {
  for (const text of [example, spec]) {
    const { snapshot } = parseConfig(text, "config.toml");
    assert.deepEqual(structuredClone(snapshot), snapshot);
    assert.deepEqual(unfrozen(snapshot, "snapshot"), []);
  }
});

Deno.test("parseConfig() loads the shape of rpxy-l4's own example", () => {
  const { snapshot, warnings } = parseConfig(example, "config.example.toml");
  assert.deepEqual(warnings, []);
  assert.deepEqual(snapshot.tcp.sought, ["http", "tls"]);
  assert.deepEqual(snapshot.udp.sought, ["quic", "wireguard"]);
  assert.equal(
    snapshot.tcp.byName.get("tls")?.exact.get("localhost")?.byAlpn.get("h2")?.name,
    "tls_2",
  );
  assert.equal(
    snapshot.udp.byName.get("quic")?.exact.get("localhost")?.byAlpn.get("h3")?.name,
    "quic_1",
  );
});

Deno.test("config.example.toml can be used with every key in it that is commented out", () => {
  const all = example.replace(/^# ([a-z_0-9]+ = |\[)/gm, "$1");
  assert.notEqual(all, example);
  const key = keyFile(echKey({ publicName: "edge.example.com" }));
  const { warnings } = parseConfig(all, "config.example.toml", files({ "ech-7.pem": key }));
  assert.deepEqual(warnings, []);
});

Deno.test("config.spec.toml is a configuration that gives every default as it is", () => {
  const { snapshot, warnings } = parseConfig(spec, "config.spec.toml");
  assert.deepEqual(warnings, []);
  assert.deepEqual(snapshot.timeouts, parseConfig(MINIMAL, "config.toml").snapshot.timeouts);
});

Deno.test("parseConfig() takes patterns for versions if some version can fit them", () => {
  const isTaken = (version: string) => {
    const table =
      `[protocols.web]\nprotocol = "http"\ntarget = ["a:1"]\nversions = ["${version}"]\n`;
    try {
      parseConfig(`listen_port = 1\n${table}`, "config.toml");
      return true;
    } catch (error) {
      assert.match(`${error}`, /is no version of http/);
      return false;
    }
  };
  for (const version of ["HTTP/1.1", "http/1.*", "*1.1", "H*1", "HTTP/*.0", "*2c", "h2c"]) {
    assert.equal(isTaken(version), true, version);
  }
  for (const version of ["1.1", "HTTP/1", "HTTP/2*", "H3*", "h2", "h2c1"]) {
    assert.equal(isTaken(version), false, version);
  }
});

Deno.test("parseConfig() makes conditions of all keys but names and ALPN, and tells detectors what to read", () => {
  const { snapshot } = parseConfig(
    `listen_port = 1
[protocols.old]
protocol = "tls"
target = ["a:1"]
server_names = [".example.com", "*.example.org"]
versions = ["TLS 1.0", "SSL*"]
ja4 = ["T13D*"]
sources = ["10.1.2.3/8", "::1"]
[protocols.plain]
protocol = "tls"
target = ["a:1"]
server_names = [".example.net"]
[protocols.mine]
protocol = "regex"
target = ["a:1"]
patterns = ["a", "b"]
transport = "udp"
[protocols.yours]
protocol = "regex"
target = ["a:1"]
patterns = ["b"]
`,
    "config.toml",
  );
  const { tcp, udp } = snapshot;
  assert.deepEqual(tcp.conditional.get("tls")?.map(({ service }) => service.name), ["old"]);
  assert.deepEqual(tcp.conditional.get("tls")?.[0]?.conditions, [
    {
      kind: "names",
      names: {
        exact: new Map(),
        wildcard: new Map([["example.org", true]]),
        suffix: new Map([["example.com", true]]),
      },
    },
    { kind: "text", field: "version", patterns: ["tls 1.0", "ssl*"], ignoreCase: true },
    { kind: "text", field: "ja4", patterns: ["t13d*"], ignoreCase: false },
    {
      kind: "sources",
      blocks: [
        { bytes: Uint8Array.of(10, 0, 0, 0), prefixLength: 8 },
        { bytes: new Uint8Array(16).with(15, 1), prefixLength: 128 },
      ],
    },
  ]);
  assert.equal(tcp.byName.get("tls")?.suffix.get("example.net")?.bare?.name, "plain");
  assert.deepEqual(tcp.needs.get("tls"), { fields: new Set(["ja4"]), values: [] });

  const rules = (routes: typeof tcp) =>
    routes.conditional.get("regex")?.map(({ service }) => service.name);
  assert.deepEqual([rules(tcp), rules(udp)], [["yours"], ["mine", "yours"]]);
  assert.deepEqual(udp.needs.get("regex"), { fields: new Set(["pattern"]), values: ["a", "b"] });
  assert.deepEqual(tcp.needs.get("regex")?.values, ["b"]);
});

Deno.test("parseConfig() serves a protocol over both of its transports, or over the one that is named", () => {
  const text = `listen_port = 1
udp_target = ["a:1"]
[protocols.calls]
protocol = "sip"
target = ["a:1"]
send_proxy_protocol = "v2"
`;
  const of = (config: string) => {
    const { tcp, udp } = parseConfig(config, "config.toml").snapshot;
    return [tcp.byProtocol.get("sip"), udp.byProtocol.get("sip")];
  };
  const [tcp, udp] = of(text);
  assert.deepEqual([tcp?.name, tcp?.transport, tcp?.order], ["calls", "tcp", 0]);
  assert.deepEqual([udp?.name, udp?.transport, udp?.order], ["calls", "udp", 0]);
  assert.deepEqual([tcp?.sendProxyProtocol, udp?.sendProxyProtocol], ["v2", "none"]);
  assert.deepEqual([tcp?.idleMs, udp?.idleMs], [86_400_000, 30_000]);
  assert.deepEqual(of(`${text}transport = "tcp"\n`)[1], undefined);
});

Deno.test("parseConfig() has fingerprints read for the log, though no rule asks for them", () => {
  const text = `listen_port = 1
log_ja4 = true
[protocols.tls]
protocol = "tls"
target = ["a:1"]
[protocols.http]
protocol = "http"
target = ["a:1"]
`;
  const { tcp } = parseConfig(text, "config.toml").snapshot;
  assert.deepEqual([...tcp.needs], [["tls", { fields: new Set(["ja4"]), values: [] }]]);
});

const KEYS = [...Object.keys(TOP_LEVEL_KEYS), ...Object.keys(PROTOCOL_KEYS), ...ECH_KEY_NAMES];

for (const key of KEYS) {
  Deno.test(`config.spec.toml explains ${key}`, () => {
    assert.match(spec, new RegExp(`^#? ?(\\[protocols.*\\.)?${key}( =|\\])|\`${key}\``, "m"));
  });
}

/** Paths of objects that could be changed; Map and Set have no frozen form, and their types are read-only. */
function unfrozen(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  const isTable = value instanceof Map || value instanceof Set;
  const entries = isTable ? [...value.entries()] : Object.entries(value);
  const here = isTable || Object.isFrozen(value) ? [] : [path];
  return [...here, ...entries.flatMap(([key, inner]) => unfrozen(inner, `${path}.${key}`))];
}
