import assert from "node:assert/strict";
import fc from "fast-check";
import type { NameTable, RouteTable, Service } from "../../../src/model/snapshot.ts";
import { route } from "../../../src/pipeline/route.ts";
import { detected, routeTable, service } from "../../support/snapshot_builder.ts";

/** A `[protocols.NAME]` entry: empty lists stand for keys that are not there. */
interface Rule {
  readonly serverNames: readonly string[];
  readonly alpn: readonly string[];
  readonly service: Service;
}

// Few labels, so that names and patterns meet often.
const LABEL = fc.constantFrom("a", "b", "c");
const NAME = fc.array(LABEL, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const PATTERN = fc.oneof(NAME, NAME.map((name) => `*.${name}`));
const ALPN = fc.constantFrom("h2", "http/1.1", "dot", "imap");
const FALLBACK = service("default", { order: 1_000 });

const RULES: fc.Arbitrary<Rule[]> = fc.array(
  fc.record({
    serverNames: fc.uniqueArray(PATTERN, { maxLength: 3 }),
    alpn: fc.uniqueArray(ALPN, { maxLength: 2 }),
  }),
  { maxLength: 12 },
).map((rules) =>
  rules.map((rule, order) => ({ ...rule, service: service(`rule ${order}`, { order }) }))
);

const HELLO = fc.record({
  sni: fc.option(NAME),
  alpn: fc.array(fc.oneof(ALPN, fc.constantFrom("H2", "x")), { maxLength: 4 }),
});

function patternMatches(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const [first, ...rest] = name.split(".");
  return first !== "" && rest.length > 0 && rest.join(".") === pattern.slice(2);
}

/** How well a rule fits, the lower the better; null where it does not. Written after the documentation, not the code. */
function rank(rule: Rule, sni: string | null, alpn: readonly string[]): number | null {
  let byName = 0;
  if (rule.serverNames.length > 0) {
    const fitting = rule.serverNames.filter((pattern) =>
      sni !== null && patternMatches(pattern, sni)
    );
    if (fitting.length === 0) return null;
    byName = fitting.some((pattern) => !pattern.startsWith("*.")) ? 2 : 1;
  }
  const byAlpn = rule.alpn.length > 0;
  if (byAlpn && !alpn.some((name) => rule.alpn.includes(name.toLowerCase()))) return null;
  const tier = byName > 0 ? (byAlpn ? 0 : 1) : (byAlpn ? 2 : 3);
  return (tier * 2 + (byName === 1 ? 1 : 0)) * 100 + rule.service.order;
}

function specified(rules: readonly Rule[], sni: string | null, alpn: readonly string[]): Service {
  let best: Service = FALLBACK;
  let bestRank = Infinity;
  for (const rule of rules) {
    const rankOfRule = rank(rule, sni, alpn) ?? Infinity;
    if (rankOfRule < bestRank) [best, bestRank] = [rule.service, rankOfRule];
  }
  return best;
}

/** The look-up table that a configuration with these rules has. */
function tableOf(rules: readonly Rule[]): RouteTable {
  type Growing = { byAlpn: Map<string, Service>; bare: Service | null };
  const grow = (): Growing => ({ byAlpn: new Map(), bare: null });
  const [exact, wildcard] = [new Map<string, Growing>(), new Map<string, Growing>()];
  const any = grow();
  for (const { serverNames, alpn, service } of rules) {
    const tables = serverNames.map((pattern) => {
      const [map, key] = pattern.startsWith("*.") ? [wildcard, pattern.slice(2)] : [exact, pattern];
      return map.get(key) ?? map.set(key, grow()).get(key) ?? any;
    });
    for (const table of serverNames.length === 0 ? [any] : tables) {
      if (alpn.length === 0) table.bare ??= service;
      for (const name of alpn) if (!table.byAlpn.has(name)) table.byAlpn.set(name, service);
    }
  }
  const names: NameTable = { exact, wildcard, suffix: new Map(), any };
  return routeTable({ byName: new Map([["tls", names]]), fallback: FALLBACK, sought: ["tls"] });
}

Deno.test("route() chooses the rule that the documentation says, for any rules and any hello", () => {
  fc.assert(
    fc.property(RULES, HELLO, (rules, { sni, alpn }) => {
      const found = route(tableOf(rules), detected({ sni, alpn }), "target").service;
      assert.equal(found?.name, specified(rules, sni, alpn).name);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("route() drops exactly what it would send to the default target when unmatched is drop", () => {
  fc.assert(fc.property(RULES, HELLO, (rules, { sni, alpn }) => {
    const table = tableOf(rules);
    const kept = route(table, detected({ sni, alpn }), "target").service;
    const strict = route(table, detected({ sni, alpn }), "drop").service;
    assert.equal(strict, kept === FALLBACK ? null : kept);
  }));
});
