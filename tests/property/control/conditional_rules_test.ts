/**
 * Services that are chosen by anything, from the text of a configuration to the route, against what the documentation
 * says.
 *
 * @module
 */

// deno-lint-ignore-file camelcase -- keys are named as in the file
import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, parseConfig } from "../../../src/control/config/parse.ts";
import type { Detected } from "../../../src/model/protocol.ts";
import { route } from "../../../src/pipeline/route.ts";
import { detected } from "../../support/snapshot_builder.ts";

/** A service as a file has it; what is left out does not matter to it. */
interface Rule {
  readonly server_names?: readonly string[] | undefined;
  readonly versions?: readonly string[] | undefined;
  readonly ja4?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
}

interface Client {
  readonly sni: string | null;
  readonly version: string;
  readonly ja4: string;
  readonly source: string;
}

function values(...all: readonly string[]): fc.Arbitrary<string[] | undefined> {
  return fc.option(fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 2 }), {
    nil: undefined,
    freq: 2,
  });
}

const RULES: fc.Arbitrary<Rule[]> = fc.array(
  fc.record({
    server_names: values("a.test", "x.a.test", "*.a.test", ".test", ".a.test"),
    versions: values("TLS 1.2", "tls 1.3", "TLS 1.*"),
    ja4: values("t12*", "t13*", "*aa"),
    sources: values("10.0.0.0/8", "10.1.0.0/16", "192.0.2.1"),
  }),
  { minLength: 1, maxLength: 5 },
);

const CLIENT: fc.Arbitrary<Client> = fc.record({
  sni: fc.constantFrom("a.test", "x.a.test", "y.x.a.test", "b.test", "other.example", null),
  version: fc.constantFrom("TLS 1.2", "TLS 1.3", "SSL 3.0"),
  ja4: fc.constantFrom("t12aa", "t13aa", "t13bb"),
  source: fc.constantFrom("10.1.0.1", "10.2.0.1", "192.0.2.1"),
});

function nameFits(pattern: string, name: string): boolean {
  if (pattern.startsWith("*.")) return name.split(".").slice(1).join(".") === pattern.slice(2);
  if (pattern.startsWith(".")) return `.${name}`.endsWith(pattern);
  return pattern === name;
}

function textFits(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.]/g, "\\.").replace(/\*/g, ".*");
  return new RegExp(`^${escaped}$`, "i").test(text);
}

const NETWORKS: Readonly<Record<string, RegExp>> = {
  "10.0.0.0/8": /^10\./,
  "10.1.0.0/16": /^10\.1\./,
  "192.0.2.1": /^192\.0\.2\.1$/,
};

function fits(rule: Rule, { sni, version, ja4, source }: Client): boolean {
  return (rule.server_names?.some((name) => sni !== null && nameFits(name, sni)) ?? true) &&
    (rule.versions?.some((text) => textFits(text, version)) ?? true) &&
    (rule.ja4?.some((text) => textFits(text, ja4)) ?? true) &&
    (rule.sources?.some((block) => NETWORKS[block]?.test(source)) ?? true);
}

/** How well the best of a rule's names fits, the lower the better: in full, "*.", then the longest ".". */
function nameRank({ server_names: names }: Rule, sni: string | null): number {
  if (names === undefined) return 1_000;
  const ranks = names.filter((name) => sni !== null && nameFits(name, sni)).map((name) =>
    name.startsWith("*.") ? 1 : name.startsWith(".") ? 500 - name.length : 0
  );
  return Math.min(...ranks);
}

function expected(rules: readonly Rule[], client: Client): string {
  const fitting = rules.map((rule, order) => ({ rule, order }))
    .filter(({ rule }) => fits(rule, client));
  const conditional = fitting.find(({ rule: { versions, ja4, sources } }) =>
    versions !== undefined || ja4 !== undefined || sources !== undefined
  );
  if (conditional !== undefined) return `s${conditional.order}`;
  const [best] = fitting.sort((a, b) =>
    nameRank(a.rule, client.sni) - nameRank(b.rule, client.sni) || a.order - b.order
  );
  return best === undefined ? "default" : `s${best.order}`;
}

function toToml(rules: readonly Rule[]): string {
  const tables = rules.map((rule, order) =>
    [
      `[protocols.s${order}]`,
      'protocol = "tls"',
      'target = ["192.0.2.9:1"]',
      ...Object.entries(rule).filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    ].join("\n")
  );
  return `listen_port = 443\ntcp_target = ["192.0.2.8:1"]\n${tables.join("\n")}\n`;
}

function flow({ sni, version, ja4 }: Client): Detected {
  return detected({ sni, version, fields: { ja4 } });
}

Deno.test("route() chooses the service that the documentation says, whatever services are chosen by", () => {
  let routed = 0;
  fc.assert(
    fc.property(RULES, fc.array(CLIENT, { minLength: 1, maxLength: 8 }), (rules, clients) => {
      let snapshot;
      try {
        ({ snapshot } = parseConfig(toToml(rules), "config.toml"));
      } catch (error) {
        assert(error instanceof ConfigError);
        // Only for rules that can never be chosen, which would prove nothing here.
        for (const { message } of error.issues.filter(({ severity }) => severity === "error")) {
          assert.match(message, / can never be chosen: /);
        }
        return;
      }
      for (const client of clients) {
        const found = route(snapshot.tcp, flow(client), "target", client.source);
        assert.equal(found.service?.name, expected(rules, client), JSON.stringify(client));
        routed++;
      }
    }),
    { numRuns: 1_500 },
  );
  assert(routed > 1_000);
});

Deno.test("parseConfig() refuses a service as one that can never be chosen only if no client is for it", () => {
  fc.assert(
    fc.property(RULES, CLIENT, (rules, client) => {
      const reached = expected(rules, client);
      try {
        parseConfig(toToml(rules), "config.toml");
      } catch (error) {
        assert(error instanceof ConfigError);
        for (const { message } of error.issues) {
          assert(!message.startsWith(`Service "${reached}" can never be chosen`), message);
        }
      }
    }),
    { numRuns: 1_500 },
  );
});

/** Whether a value stands for all that another stands for, as the documentation of the key has it. */
function includes(key: keyof Rule, wider: string, value: string): boolean {
  switch (key) {
    case "server_names":
      return wider === value || (!value.startsWith(".") && nameFits(wider, value)) ||
        (wider.startsWith(".") && value.endsWith(wider));
    case "sources":
      return wider === value || (wider === "10.0.0.0/8" && value.startsWith("10."));
    default:
      return textFits(wider, value);
  }
}

function covers(earlier: Rule, later: Rule): boolean {
  const keys = Object.keys(earlier) as (keyof Rule)[];
  return keys.every((key) =>
    earlier[key] === undefined ||
    later[key]?.every((value) => earlier[key]?.some((wider) => includes(key, wider, value)))
  );
}

Deno.test("parseConfig() refuses each service with conditions that an earlier one covers", () => {
  let covered = 0;
  fc.assert(
    fc.property(RULES, (all) => {
      const rules = all.filter(({ versions, ja4, sources }) => versions ?? ja4 ?? sources);
      const expected = rules.flatMap((rule, order) => {
        const earlier = rules.slice(0, order).findIndex((other) => covers(other, rule));
        return earlier < 0 ? [] : [`Service "s${order}" can never be chosen: "s${earlier}"`];
      });
      covered += expected.length;
      const found: string[] = [];
      try {
        parseConfig(toToml(rules), "config.toml");
      } catch (error) {
        assert(error instanceof ConfigError);
        for (const { message, severity } of error.issues) {
          if (severity === "error") found.push(message.replace(/ stands before.*/, ""));
        }
      }
      assert.deepEqual(found, expected);
    }),
    { numRuns: 1_500 },
  );
  assert(covered > 100);
});
