import assert from "node:assert/strict";
import type { Detected } from "../../../src/model/protocol.ts";
import type { Condition, Service } from "../../../src/model/snapshot.ts";
import { route, type RouteReason } from "../../../src/pipeline/route.ts";
import {
  alpnTable,
  detected,
  namedRoutes,
  protocolRoutes,
  routeTable,
  service,
} from "../../support/snapshot_builder.ts";

const FALLBACK = service("default", { order: 99 });
const HTTP = service("http", { protocol: "http" });

const exactH2 = service("exact h2", { order: 8 });
const exactHttp = service("exact http/1.1", { order: 7 });
const exactBare = service("exact", { order: 6 });
const wildcardH2 = service("wildcard h2", { order: 5 });
const wildcardDot = service("wildcard dot", { order: 4 });
const wildcardBare = service("wildcard", { order: 3 });
const anyH2 = service("any h2", { order: 2 });
const anyImap = service("any imap", { order: 1 });
const anyBare = service("any", { order: 0 });

/** The orders run against the precedence, so that neither can be taken for the other. */
const TABLE = routeTable({
  fallback: FALLBACK,
  byName: namedRoutes("tls", {
    exact: {
      "www.example.com": alpnTable({ h2: exactH2, "http/1.1": exactHttp }, exactBare),
      "bare.example.com": alpnTable({}, exactBare),
      "h2.example.com": alpnTable({ h2: exactH2 }),
    },
    wildcard: { "example.com": alpnTable({ h2: wildcardH2, dot: wildcardDot }, wildcardBare) },
    any: alpnTable({ h2: anyH2, imap: anyImap }, anyBare),
  }),
  sought: ["tls"],
});

const CASES: readonly [sni: string | null, alpn: string[], Service, RouteReason][] = [
  ["www.example.com", ["h2"], exactH2, "sni_alpn"],
  ["www.example.com", [], exactBare, "sni"],
  ["www.example.com", ["imap"], exactBare, "sni"],
  // within a class the exact name comes first, but a higher class of a wildcard comes before that
  ["www.example.com", ["dot"], wildcardDot, "sni_alpn"],
  ["bare.example.com", ["h2"], wildcardH2, "sni_alpn"],
  ["h2.example.com", ["imap"], wildcardBare, "sni"],
  // among the client's names the rule that is first in the file wins, not the client's first
  ["www.example.com", ["h2", "http/1.1"], exactHttp, "sni_alpn"],
  ["other.test", ["h2", "imap"], anyImap, "alpn"],
  ["www.example.com", ["x", "H2"], exactH2, "sni_alpn"],
  ["a.example.com", [], wildcardBare, "sni"],
  // one label stands for the star
  ["a.b.example.com", [], anyBare, "protocol"],
  ["example.com", [], anyBare, "protocol"],
  [".example.com", [], anyBare, "protocol"],
  // and no text that a name cannot have
  ["a:b.example.com", ["h2"], anyH2, "alpn"],
  ["*.example.com", [], anyBare, "protocol"],
  [" .example.com", [], anyBare, "protocol"],
  [`${"a".repeat(64)}.example.com`, [], anyBare, "protocol"],
  ["other.test", ["h2"], anyH2, "alpn"],
  ["other.test", ["x"], anyBare, "protocol"],
  [null, ["h2"], anyH2, "alpn"],
  [null, [], anyBare, "protocol"],
];

for (const [sni, alpn, expected, reason] of CASES) {
  Deno.test(`route() sends ${sni} with [${alpn}] to "${expected.name}" by ${reason}`, () => {
    assert.deepEqual(route(TABLE, detected({ sni, alpn }), "drop"), { service: expected, reason });
  });
}

Deno.test("route() sends a protocol without names to its service", () => {
  const table = protocolRoutes({ http: HTTP }, FALLBACK);
  assert.deepEqual(route(table, detected({ protocol: "http" }), "drop"), {
    service: HTTP,
    reason: "protocol",
  });
});

Deno.test("route() finds a TLS service without filters outside of the table of names too", () => {
  const tls = service("tls", { protocol: "tls" });
  assert.deepEqual(route(protocolRoutes({ tls }), detected({ sni: "a.test" }), "drop"), {
    service: tls,
    reason: "protocol",
  });
});

Deno.test("route() sends what is not recognised to the default target, whatever `unmatched` says", () => {
  for (const unmatched of ["target", "drop"] as const) {
    assert.deepEqual(route(TABLE, null, unmatched), { service: FALLBACK, reason: "fallback" });
  }
  assert.deepEqual(route(protocolRoutes({ http: HTTP }), null, "target"), {
    service: null,
    reason: "no_fallback",
  });
});

Deno.test("route() sends a hello that fits no rule to the default target unless unmatched is drop", () => {
  const byName = namedRoutes("tls", { exact: { "a.test": alpnTable({}, HTTP) } });
  const stranger = detected({ sni: "b.test", alpn: ["h2"] });
  const withFallback = routeTable({ fallback: FALLBACK, byName });
  assert.deepEqual(route(withFallback, stranger, "target"), {
    service: FALLBACK,
    reason: "fallback",
  });
  assert.deepEqual(route(withFallback, stranger, "drop"), { service: null, reason: "unmatched" });
  assert.deepEqual(route(routeTable({ byName }), stranger, "target"), {
    service: null,
    reason: "no_fallback",
  });
});

Deno.test("route() looks up names in the rules of the protocol alone", () => {
  const tls = detected({ protocol: "tls", sni: "www.example.com" });
  assert.equal(route(TABLE, tls, "target").service, exactBare);
  const http = detected({ protocol: "http", sni: "www.example.com" });
  assert.equal(route(TABLE, http, "drop").service, FALLBACK);
});

Deno.test("route() tries rules with conditions before names, in the order of the file, and wants all of them", () => {
  const v1 = service("v1", { order: 8 });
  const v2 = service("v2", { order: 9 });
  const old: Condition = {
    kind: "text",
    field: "version",
    patterns: ["tls 1.*"],
    ignoreCase: true,
  };
  const h2: Condition = { kind: "alpn", names: new Set(["h2"]) };
  const table = {
    ...TABLE,
    conditional: new Map([["tls" as const, [
      { service: v1, conditions: [h2, old] },
      { service: v2, conditions: [old] },
    ]]]),
  };
  const hello = { sni: "www.example.com", alpn: ["h2"] };
  const to = (part: Partial<Detected>) => route(table, detected({ ...hello, ...part }), "drop");
  assert.deepEqual(to({ version: "TLS 1.2" }), { service: v1, reason: "fields" });
  assert.deepEqual(to({ version: "TLS 1.2", alpn: [] }), { service: v2, reason: "fields" });
  assert.deepEqual(to({ version: null }), { service: exactH2, reason: "sni_alpn" });
  assert.equal(to({ protocol: "quic", version: "TLS 1.2" }).service, FALLBACK);
});

Deno.test("route() drops what fits none of a protocol's conditions when unmatched is drop", () => {
  const never: Condition = { kind: "sources", blocks: [] };
  const table = routeTable({
    fallback: FALLBACK,
    conditional: new Map([["ssh", [{ service: HTTP, conditions: [never] }]]]),
  });
  const ssh = detected({ protocol: "ssh" });
  assert.deepEqual(route(table, ssh, "drop", "10.0.0.1"), { service: null, reason: "unmatched" });
  assert.deepEqual(route(table, ssh, "target", "10.0.0.1"), {
    service: FALLBACK,
    reason: "fallback",
  });
});

Deno.test("route() looks hosts and names that are asked for up as it does server names", () => {
  const table = routeTable({
    fallback: FALLBACK,
    byName: namedRoutes("http", {
      exact: { "a.test": alpnTable({}, exactBare) },
      wildcard: { "a.test": alpnTable({}, wildcardBare) },
      suffix: { "test": alpnTable({}, anyBare), "b.a.test": alpnTable({}, anyH2) },
    }),
  });
  const to = (host?: string) =>
    route(
      table,
      detected({ protocol: "http", ...host !== undefined && { fields: { host } } }),
      "drop",
    );
  assert.deepEqual(to("a.test"), { service: exactBare, reason: "name" });
  assert.deepEqual(to("x.a.test"), { service: wildcardBare, reason: "name" });
  assert.deepEqual(to("y.x.a.test"), { service: anyBare, reason: "name" });
  assert.deepEqual(to("y.b.a.test"), { service: anyH2, reason: "name" }); // the longest end
  assert.deepEqual(to("b.a.test"), { service: wildcardBare, reason: "name" });
  assert.deepEqual(to("other.example"), { service: null, reason: "unmatched" });
  assert.deepEqual(to(), { service: null, reason: "unmatched" });
});
