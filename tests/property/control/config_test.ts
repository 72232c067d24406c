import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, formatIssues, parseConfig } from "../../../src/control/config/parse.ts";
import { describeRoutes } from "../../../src/control/config/report.ts";
import type { Settings } from "../../../src/control/config/settings.ts";
import { allServices } from "../../../src/pipeline/services.ts";
import example from "../../../config.example.toml" with { type: "text" };
import spec from "../../../config.spec.toml" with { type: "text" };

const port = fc.integer({ min: 1, max: 65_535 });
const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const hostName = fc.array(label, { minLength: 2, maxLength: 3 }).map((labels) => labels.join("."));
const host = fc.oneof(hostName, fc.ipV4(), fc.ipV6().map((address) => `[${address}]`));
const target = fc.tuple(host, port).map(([name, number]) => `${name}:${number}`);
const targets = fc.uniqueArray(target, { minLength: 1, maxLength: 3, selector: canonicalTarget });
const loadBalance = fc.constantFrom("source_ip", "source_socket", "random", "none");
const duration = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom("ms", "s", "m", "h"))
  .map(([count, unit]) => `${count}${unit}`);
const serverNames = fc.uniqueArray(
  fc.tuple(fc.boolean(), hostName).map(([wildcard, name]) => wildcard ? `*.${name}` : name),
  { minLength: 1, maxLength: 4 },
);
const alpn = fc.uniqueArray(fc.constantFrom("h2", "http/1.1", "dot", "h3"), { minLength: 1 });

/** One service for each protocol without names, and some with names; all of distinct names of their own. */
const services = fc.record({
  plain: fc.subarray(["http", "ssh", "socks5", "wireguard"]),
  named: fc.array(
    fc.record({
      protocol: fc.constantFrom("tls", "quic"),
      server_names: serverNames,
      alpn: fc.option(alpn, { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
  target: targets,
  load_balance: loadBalance,
  idle_lifetime: fc.oneof(fc.nat(10_000), duration),
}).map(({ plain, named, ...common }) => [
  ...plain.map((protocol) => ({ protocol, ...common })),
  ...named.map(({ server_names, ...rest }, index) => ({
    ...rest,
    // A label of its own keeps the names of one service from being those of another.
    server_names: server_names.map((name) => `${name}.s${index}.example`),
    ...common,
  })),
]);

const configuration = fc.record({
  top: fc.record({
    listen_port: fc.oneof(port, fc.uniqueArray(port, { minLength: 1, maxLength: 3 })),
    tcp_target: targets,
  }, { requiredKeys: ["listen_port", "tcp_target"] }),
  more: fc.record({
    listen_ipv6: fc.boolean(),
    tcp_backlog: fc.integer({ min: 1, max: 5_000 }),
    udp_target: targets,
    tcp_load_balance: loadBalance,
    udp_idle_lifetime: fc.nat(10_000),
    tcp_idle_timeout: duration,
    probe_timeout: duration,
    tcp_send_proxy_protocol: fc.constantFrom("v1", "v2", "none", "V2"),
    unmatched: fc.constantFrom("target", "drop"),
  }, { requiredKeys: [] }),
  services,
});

Deno.test("parseConfig() builds any valid configuration", () => {
  fc.assert(fc.property(configuration, ({ top, more, services }) => {
    const text = toToml({ ...top, ...more }) +
      services.map((service, index) => `[protocols.s${index}]\n${toToml(service)}`).join("");
    const { snapshot, warnings } = parse(text);
    for (const { message } of warnings) assert.match(message, / is this proxy itself$/);

    const ports = [top.listen_port].flat().length;
    const transports = more.udp_target !== undefined ||
        services.some(({ protocol }) => protocol === "quic" || protocol === "wireguard")
      ? 2
      : 1;
    assert.equal(snapshot.listeners.length, ports * transports * (more.listen_ipv6 ? 2 : 1));
    for (const [order, { protocol, target }] of services.entries()) {
      const found = allServices(snapshot).some(({ name }) => name === `s${order}`);
      assert.ok(found, `${protocol} ${target}`);
    }
  }));
});

Deno.test("parseConfig() throws nothing but ConfigError, with places that are in the text", () => {
  const text = fc.oneof(
    mutants(fc.oneof(mutation(), otherValue(), otherKey())),
    mutants(fc.oneof(otherValue(), otherKey())),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, (mutant) => {
      try {
        describeRoutes(parse(mutant));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.issues.length > 0);
        const lines = mutant.split("\n");
        for (const { line, column, length } of error.issues) {
          assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
          assert.ok(
            column >= 1 && column <= (lines[line - 1] ?? "").length + 1,
            `column ${column}`,
          );
          assert.ok(length >= 1);
        }
        formatIssues(error.issues, mutant, { colour: false });
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("formatIssues() never shows a private key, however the file is broken", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toBase64());
  const valid = (secret: string) =>
    `listen_port = 1
[protocols.a]
protocol = "tls"
target = ["a:1"]
[protocols.a.ech]
ech_config_list = "AAAA"
private_keys = [
  "${secret}",
]
private_server_names = ["a.example"]
`;
  fc.assert(
    fc.property(key, mutation({ keep: /private_keys/ }), (secret, mutate) => {
      const text = mutate(valid(secret));
      assert.throws(() => parse(text), (error) => {
        assert.ok(error instanceof ConfigError);
        const shown = formatIssues(error.issues, text, { colour: false }) + error.message;
        for (let i = 0; i + 8 <= secret.length; i++) {
          assert.ok(!shown.includes(secret.slice(i, i + 8)), shown);
        }
        return true;
      });
    }),
    { numRuns: 400 },
  );
});

function parse(text: string): Settings {
  return parseConfig(text, "config.toml");
}

/** The project's own files with a few changes. */
function mutants(change: fc.Arbitrary<(text: string) => string>): fc.Arbitrary<string> {
  return fc.tuple(
    fc.constantFrom(example, spec),
    fc.array(change, { minLength: 1, maxLength: 4 }),
  ).map(([valid, changes]) => changes.reduce((text, mutate) => mutate(text), valid));
}

/** A change of some characters, words or lines; never within what matches `keep`. */
function mutation(
  { keep = /^\b$/ }: { readonly keep?: RegExp } = {},
): fc.Arbitrary<(text: string) => string> {
  const piece = fc.oneof(
    fc.constantFrom('"', "'", "[", "]", "=", "\n", "#", ".", "{", "}", "\\", "\u0000", "é", "\t"),
    fc.constantFrom("-1", "0", "1e400", "nan", "true", "[]", "{}", '""', "1979-05-27", '"*"'),
    fc.constantFrom(
      "\n[protocols]\n",
      "\n[[protocol]]\n",
      "\n__proto__ = 1\n",
      "\nconstructor = 1\n",
    ),
    fc.string({ maxLength: 6 }),
  );
  return fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(30), piece).map(
    ([where, removed, inserted]) => (text) => {
      const start = Math.floor(where * text.length);
      const end = start + removed;
      const kept = keep.exec(text);
      if (kept !== null && start < kept.index + kept[0].length && end > kept.index) return text;
      return text.slice(0, start) + inserted + text.slice(end);
    },
  );
}

/** Gives one of the keys another value, which keeps the file TOML. */
function otherValue(): fc.Arbitrary<(text: string) => string> {
  const scalar = fc.oneof(
    fc.constantFrom('""', '"*"', '"none"', '"30s"', '"a:1"', '"h2"', '"*.example.com"', '"1-9"'),
    fc.constantFrom("0", "-1", "1.5", "inf", "true", "1979-05-27", "07:32:00", "{}", "{ a = 1 }"),
    fc.string({ maxLength: 12 }).map((value) => JSON.stringify(value)),
    fc.integer().map(String),
  );
  const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }).map((all) => `[${all}]`));
  return fc.tuple(fc.nat(), value).map(([index, replacement]) => (text) => {
    const lines = [...text.matchAll(/^[a-z_]+ = (.*)$/gm)];
    const line = lines[index % Math.max(1, lines.length)];
    if (line === undefined) return text;
    const [all, old = ""] = line;
    const start = line.index + all.length - old.length;
    return text.slice(0, start) + replacement + text.slice(start + old.length);
  });
}

/** Gives one of the values another key, which keeps the file TOML mostly. */
function otherKey(): fc.Arbitrary<(text: string) => string> {
  const key = fc.constantFrom("tcp_target", "alpns", "ech", "protocol", "x", "__proto__", "a.b");
  return fc.tuple(fc.nat(), key).map(([index, replacement]) => (text) => {
    const keys = [...text.matchAll(/^[a-z_0-9]+(?= = )/gm)];
    const old = keys[index % Math.max(1, keys.length)];
    if (old === undefined) return text;
    return text.slice(0, old.index) + replacement + text.slice(old.index + old[0].length);
  });
}

/** TOML of flat tables; JSON's strings, numbers and arrays are TOML's. */
function toToml(table: Readonly<Record<string, unknown>>): string {
  return Object.entries(table).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join("");
}

/** Addresses can be written in several ways, and a list must not name one twice. */
function canonicalTarget(text: string): string {
  return URL.parse(`http://${text}`)?.host ?? text;
}
