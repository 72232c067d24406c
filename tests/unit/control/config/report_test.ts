import assert from "node:assert/strict";
import { parseConfig } from "../../../../src/control/config/parse.ts";
import { describeRoutes } from "../../../../src/control/config/report.ts";

function describe(text: string): string {
  return describeRoutes(parseConfig(text, "config.toml"));
}

Deno.test("describeRoutes() shows listeners and services, in the order in which they are chosen", () => {
  const report = describe(`
listen_port = 443
listen_address_v6 = "::1"
tcp_target = ["10.0.0.1:80"]
tcp_send_proxy_protocol = "v2"
[protocols.bare]
protocol = "tls"
target = ["a.example:443", "[2001:db8::1]:443"]
[protocols.alpn]
protocol = "tls"
target = ["b.example:443"]
alpn = ["dot"]
[protocols.name]
protocol = "tls"
target = ["c.example:443"]
load_balance = "random"
server_names = ["x.example", "*.x.example"]
idle_lifetime = 0
[protocols.both]
protocol = "tls"
target = ["d.example:443"]
server_names = ["x.example"]
alpn = ["h2"]
send_proxy_protocol = "none"
[protocols.ssh]
protocol = "ssh"
target = ["e.example:22"]
idle_lifetime = 90
[protocols.http3]
protocol = "quic"
target = ["f.example:443"]
server_names = ["x.example"]
`);
  assert.equal(
    report,
    `Listeners
  tcp 0.0.0.0:443
  udp 0.0.0.0:443
  tcp [::1]:443
  udp [::1]:443

Engine
  native where it can be used, else streams, a worker for each core

TCP
  protocol   names                   ALPN  service  targets                           balance  PROXY  idle
  tls        x.example               h2    both     d.example:443                     none     none   24h
  tls        x.example, *.x.example  any   name     c.example:443                     random   v2     never
  tls        any                     dot   alpn     b.example:443                     none     v2     24h
  tls        any                     any   bare     a.example:443, [2001:db8::1]:443  none     v2     24h
  ssh                                      ssh      e.example:22                      none     v2     90s
  other TCP                                default  10.0.0.1:80                       none     v2     24h

UDP
  protocol   names      ALPN  service  targets        balance  PROXY  idle
  quic       x.example  any   http3    f.example:443  none     none   30s
  other UDP                   dropped
`,
  );
});

Deno.test("describeRoutes() shows where hellos are dropped that fit no rule", () => {
  const report = describe(`
listen_port = 443
unmatched = "drop"
tcp_target = ["10.0.0.1:80"]
[protocols.name]
protocol = "tls"
target = ["c.example:443"]
server_names = ["x.example"]
`);
  const rows = report.split("\n").map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(rows.filter(([protocol]) => protocol === "tls"), [
    ["tls", "x.example", "any", "name", "c.example:443", "none", "none", "24h"],
    ["tls", "any other", "dropped"],
  ]);
});

Deno.test("describeRoutes() shows the engine with what it is told, and which services are transparent", () => {
  const report = describe(`
listen_port = 443
tcp_target = ["10.0.0.1:80"]
workers = 1
tcp_fast_open = true
tcp_defer_accept = "1s"
tcp_user_timeout = "30s"
socket_mark = 7
server_first_delay = "0s"
[protocols.ssh]
protocol = "ssh"
target = ["10.0.0.1:22"]
transparent = true
`);
  const [, engine, tcp] = report.split("\n\n");
  assert.equal(
    engine,
    "Engine\n  native, 1 worker, TCP Fast Open, accept deferred for 1s, user timeout 30s, mark 7",
  );
  const rows = tcp?.trim().split("\n").map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(rows?.map((row) => row.slice(-2)), [
    ["TCP"],
    ["idle", "transparent"],
    ["24h", "yes"],
    ["none", "24h"],
  ]);
  assert.match(
    describe('listen_port = 1\ntcp_target = ["a:1"]\nengine = "streams"'),
    /\n {2}streams\n/,
  );
});

Deno.test("describeRoutes() counts what does not fit into a cell", () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `"n${i}.example"`);
  const report = describe(`
listen_port = "8000-8100"
[protocols.name]
protocol = "tls"
target = ["c.example:443"]
server_names = [${names}]
`);
  assert.match(report, /n0\.example, n1\.example, n2\.example, n3\.example, and 9996 more {2}/);
  assert.match(report, /tcp 0\.0\.0\.0:8015\n {2}and 85 more\n/);
  assert.ok(report.length < 2_000);
});

Deno.test("describeRoutes() notes what the order of the file decides, and the warnings", () => {
  const report = describe(`
listen_port = 443
[protocols.h2]
protocol = "tls"
target = ["a.example:443"]
server_names = ["x.example", "y.example"]
alpn = ["h2"]
[protocols.h1]
protocol = "tls"
target = ["b.example:443"]
server_names = ["x.example", "y.example"]
alpn = ["http/1.1", "h2"]
`);
  assert.deepEqual(report.split("\n\n").at(-1)?.split("\n"), [
    "Notes",
    "  x.example, y.example: a client that offers ALPN names of several of the services h2, h1 gets the first of them",
    '  line 11: Service "h1" is partly shadowed: x.example with ALPN h2 goes to "h2", y.example with ALPN h2 goes to "h2"',
    "",
  ]);
});

Deno.test("describeRoutes() shows conditions in a column of their own, before what is chosen by name", () => {
  const report = describe(`
listen_port = 443
unmatched = "drop"
[protocols.named]
protocol = "tls"
target = ["a.example:443"]
server_names = ["x.example", ".y.example"]
[protocols.old]
protocol = "tls"
target = ["b.example:443"]
server_names = ["x.example"]
versions = ["TLS 1.0", "SSL*"]
sources = ["10.0.0.0/8", "::1"]
`);
  const tcp = report.slice(report.indexOf("TCP\n"));
  assert.equal(
    tcp,
    `TCP
  protocol   names                  ALPN  conditions                                           service  targets        balance  PROXY  idle
  tls        x.example              any   versions tls 1.0, ssl*; sources 10.0.0.0/8, ::1/128  old      b.example:443  none     none   24h
  tls        x.example, .y.example  any                                                        named    a.example:443  none     none   24h
  tls        any other                                                                         dropped
  other TCP                                                                                    dropped
`,
  );
});

Deno.test("describeRoutes() shows conditions as they were written, and nothing that steers a terminal", () => {
  const report = describe(`
listen_port = 443
[protocols.db]
protocol = "postgres"
target = ["a.example:5432"]
users = ["jürgen", "\\u001b[31mred"]
`);
  assert.match(report, /users jürgen, \\u001b\[31mred {2}db/);
});

Deno.test("describeRoutes() says nothing of names where a protocol has none", () => {
  const report = describe(`
listen_port = 443
[protocols.pattern]
protocol = "regex"
transport = "tcp"
target = ["a.example:443"]
patterns = ["HELO"]
`);
  assert.match(report, /^ {2}regex {5,}patterns HELO {2}pattern /m);
});

Deno.test("describeRoutes() shows which connection IDs of QUIC name which target, but no key", () => {
  const report = describe(`
listen_port = 443
[protocols.http3]
protocol = "quic"
target = ["10.0.0.2:443", "10.0.0.3:443"]
[[protocols.http3.quic_lb]]
config_rotation = 0
server_id_length = 3
nonce_length = 4
key = "8f95f09245765f80256934e50c66207f"
servers = { "c4605e" = "10.0.0.2:443", "c4605f" = "10.0.0.3:443" }
[[protocols.http3.quic_lb]]
config_rotation = 6
server_id_length = 1
nonce_length = 18
servers = { "0A" = "10.0.0.3:443" }
`);
  assert.ok(!report.includes("8f95f0"));
  assert.equal(
    report.slice(report.indexOf("QUIC")),
    `QUIC connection IDs
  service  config_rotation  server ID  nonce     encrypted  servers
  http3    0                3 bytes    4 bytes   yes        c4605e is 10.0.0.2:443, c4605f is 10.0.0.3:443
  http3    6                1 byte     18 bytes  no         0a is 10.0.0.3:443
`,
  );
});
