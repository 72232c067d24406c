import assert from "node:assert/strict";
import type { MatchFields } from "../../../src/model/protocol.ts";
import type { Condition, NameMap, TextField } from "../../../src/model/snapshot.ts";
import { holds } from "../../../src/pipeline/conditions.ts";
import { parseCidr } from "../../../src/proto/cidr.ts";
import { detected } from "../../support/snapshot_builder.ts";

function names(part: Partial<Record<keyof NameMap<true>, readonly string[]>>): Condition {
  const map = (keys: readonly string[] = []) => new Map(keys.map((key) => [key, true as const]));
  const { exact, wildcard, suffix } = part;
  return {
    kind: "names",
    names: { exact: map(exact), wildcard: map(wildcard), suffix: map(suffix) },
  };
}

function text(field: TextField, patterns: readonly string[], ignoreCase = false): Condition {
  return { kind: "text", field, patterns, ignoreCase };
}

function has(condition: Condition, fields: MatchFields, source: string | null = null): boolean {
  return holds(condition, detected({ protocol: "http", fields }), source);
}

Deno.test("holds() compares a host, a name that is asked for and a server name alike", () => {
  const condition = names({ exact: ["a.test"], wildcard: ["b.test"], suffix: ["c.test"] });
  for (
    const [name, expected] of [
      ["a.test", true],
      ["x.a.test", false],
      ["b.test", false],
      ["x.b.test", true],
      ["y.x.b.test", false],
      ["c.test", true],
      ["x.c.test", true],
      ["y.x.c.test", true],
      ["xc.test", false],
      ["a:b.c.test", false],
    ] as const
  ) {
    assert.equal(has(condition, { host: name }), expected, name);
    assert.equal(has(condition, { queryName: name }), expected, name);
    assert.equal(holds(condition, detected({ sni: name }), null), expected, name);
  }
  assert(!has(condition, {}));
});

Deno.test("holds() compares paths segment by segment", () => {
  const condition: Condition = { kind: "paths", prefixes: ["/api", "/static/"] };
  for (
    const [path, expected] of [
      ["/api", true],
      ["/api/", true],
      ["/api/users", true],
      ["/apis", false],
      ["/API", false],
      ["/static", false],
      ["/static/", true],
      ["/static/a.css", true],
      ["/", false],
      ["*", false],
    ] as const
  ) assert.equal(has(condition, { path }), expected, path);
  assert(has({ kind: "paths", prefixes: ["/"] }, { path: "/anything" }));
  assert(!has(condition, {}));
});

Deno.test("holds() compares texts with stars, and case where it means something", () => {
  assert(has(text("clientSoftware", ["openssh_*"], true), { clientSoftware: "OpenSSH_9.6" }));
  assert(!has(text("user", ["App"]), { user: "app" }));
  assert(has(text("user", ["root", "app*"]), { user: "app_1" }));
  assert(!has(text("database", ["app*"]), { user: "app_1" }));
  assert(!has(text("ja4", ["t13d*"]), {}));
});

Deno.test("holds() compares versions, though they are no field", () => {
  const condition = text("version", ["tls 1.2", "tls 1.0"], true);
  assert(holds(condition, detected({ version: "TLS 1.2" }), null));
  assert(!holds(condition, detected({ version: "TLS 1.3" }), null));
  assert(!holds(condition, detected({ version: null }), null));
});

Deno.test("holds() takes what a detector has tried as it stands in the configuration", () => {
  const condition: Condition = { kind: "values", field: "pattern", values: new Set(["a+", "b"]) };
  assert(has(condition, { pattern: "a+" }));
  assert(!has(condition, { pattern: "aa" }));
  assert(!has(condition, {}));
});

Deno.test("holds() compares ALPN names in any case", () => {
  const condition: Condition = { kind: "alpn", names: new Set(["h2"]) };
  assert(holds(condition, detected({ alpn: ["x", "H2"] }), null));
  assert(!holds(condition, detected({ alpn: ["h3"] }), null));
});

Deno.test("holds() compares the address of the client, where it is known", () => {
  const blocks = ["10.0.0.0/8", "2001:db8::/32"].map((block) => {
    const cidr = parseCidr(block);
    assert(cidr !== null);
    return cidr;
  });
  const condition: Condition = { kind: "sources", blocks };
  assert(has(condition, {}, "10.1.2.3"));
  assert(has(condition, {}, "2001:db8::1"));
  assert(!has(condition, {}, "11.0.0.1"));
  assert(!has(condition, {}, null));
});
