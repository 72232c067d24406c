import assert from "node:assert/strict";
import { compare, type Comparison, type Held } from "../../../../src/cli/ech/compare.ts";
import type { HttpsLookup } from "../../../../src/control/https_record/look_up.ts";
import type { EchKey } from "../../../../src/model/ech.ts";
import type { ServiceBinding } from "../../../../src/proto/dns/service_binding.ts";
import { encodeEchConfigList } from "../../../../src/proto/ech/config.ts";
import { echKey } from "../../../support/ech_client.ts";
import { configList } from "../../../support/ech_files.ts";
import { PLAIN_BINDING } from "../../../support/https_record_builder.ts";

const KEY = echKey({ configId: 7, publicName: "edge.test" });
const OLD = echKey({ configId: 6, publicName: "edge.test" });
const STRANGE = echKey({ configId: 9, publicName: "other.test" });

const HELD: Held = {
  kind: "private",
  isServedInside: true,
  tls: [KEY, OLD],
  quic: null,
  retiredConfigIds: [9],
  ports: [443],
};

function found(...bindings: Partial<ServiceBinding>[]): HttpsLookup {
  return {
    kind: "found",
    bindings: bindings.map((binding) => ({ ...PLAIN_BINDING, ...binding })),
    ttl: 300,
    isAuthoritative: true,
    aliases: [],
  };
}

function ech(...keys: EchKey[]): Partial<ServiceBinding> {
  return { ech: configList(...keys), alpn: ["h2"] };
}

function assertMismatch(comparison: Comparison, ...problems: string[]) {
  assert.deepEqual([comparison.result, comparison.problems], ["mismatch", problems]);
}

Deno.test("compare() finds keys that are held", () => {
  const one = compare(HELD, found(ech(KEY)));
  assert.deepEqual(one, {
    result: "match",
    problems: [],
    notes: [],
    configIds: [7],
    alpn: ["h2"],
    published: [KEY],
  });
  const two = compare(HELD, found(ech(KEY, OLD), ech(KEY)));
  assert.deepEqual([two.result, two.configIds, two.published], ["match", [7, 6], [KEY, OLD]]);
});

Deno.test("compare() tells private names that clients send in the clear", () => {
  const clear = "clients send this name in the clear";
  assertMismatch(
    compare(HELD, { kind: "missing", reason: "no HTTPS record" }),
    `no HTTPS record: ${clear}`,
  );
  assertMismatch(compare(HELD, { kind: "broken", reason: "it is odd" }), `it is odd: ${clear}`);
  assertMismatch(compare(HELD, found({})), `no ech in the record: ${clear}`);
  assertMismatch(compare(HELD, found(ech(KEY), {})), `no ech in the record: ${clear}`);
  assertMismatch(
    compare(HELD, found({ ech: Uint8Array.of(1) })),
    `ech in the record is broken: ${clear}`,
  );
  const unknownVersion = encodeEchConfigList([Uint8Array.of(0xfe, 0x0a, 0, 0)]);
  assertMismatch(
    compare(HELD, found({ ech: unknownVersion })),
    `no client can use its ech: ${clear}`,
  );
});

Deno.test("compare() tells keys that would be rejected", () => {
  const { retiredConfigIds: _, ...rest } = HELD;
  assertMismatch(
    compare({ ...rest, retiredConfigIds: [] }, found(ech(KEY, STRANGE))),
    "key 9 for other.test is not held: clients would be rejected",
  );
  assertMismatch(
    compare(HELD, found(ech(STRANGE))),
    "key 9 for other.test is retired: clients would be rejected",
  );
  const renamed = echKey({ configId: 7, publicName: "wrong.test" });
  assertMismatch(
    compare(HELD, found(ech(renamed))),
    "key 7 for wrong.test, whose configuration is held with public name edge.test: " +
      "clients would be rejected",
  );
  const reworded = echKey({ configId: 7, publicName: "edge.test", suites: [{ kdf: 1, aead: 1 }] });
  assertMismatch(
    compare(HELD, found(ech(reworded))),
    "key 7 for edge.test, in other words than the configuration that is held: " +
      "clients would be rejected",
  );
});

Deno.test("compare() asks the services of both transports that alpn leads to", () => {
  const both: Held = { ...HELD, quic: [OLD], retiredConfigIds: [] };
  const problem = "key 7 for edge.test is not held: clients would be rejected";
  assert.equal(compare(both, found(ech(KEY))).result, "match");
  assertMismatch(compare(both, found({ ...ech(KEY), alpn: ["h2", "h3"] })), problem);
  assert.equal(compare(both, found({ ...ech(OLD), alpn: ["h2", "h3"] })).result, "match");
  const onlyQuic = { ...ech(KEY), alpn: ["h3"], noDefaultAlpn: true };
  assert.equal(compare({ ...both, tls: [OLD], quic: [KEY] }, found(onlyQuic)).result, "match");
  assertMismatch(compare({ ...both, tls: null }, found(ech(KEY))), problem);
});

Deno.test("compare() notes ports and ALPN names that lead nowhere", () => {
  const notes = (held: Held, binding: Partial<ServiceBinding>) =>
    compare(held, found({ ...ech(KEY), ...binding })).notes;
  assert.deepEqual(notes(HELD, { port: 443 }), []);
  assert.deepEqual(notes(HELD, { port: 8443 }), [
    "the record sends clients to port 8443, which is not listened on",
  ]);
  assert.deepEqual(notes(HELD, { alpn: ["h2", "h3"] }), [
    "alpn offers h3, and no service for quic has this name: clients lose time with it",
  ]);
  const both = { ...HELD, quic: [KEY] };
  assert.deepEqual(notes(both, { alpn: ["h3"] }), []);
  assert.deepEqual(notes(both, {}), [
    "a service for quic has this name, and alpn does not offer h3",
  ]);
  assert.deepEqual(notes({ ...both, tls: null }, {}), [
    "only a service for quic has this name, and alpn does not offer h3",
  ]);
});

Deno.test("compare() asks of a public name with a key that it is served as an inner name, too", () => {
  const held: Held = { ...HELD, kind: "public", isServedInside: false };
  assert.equal(compare(held, found({ alpn: ["h2"] })).result, "match");
  assertMismatch(
    compare(held, found(ech(KEY))),
    "clients ask for this name by ECH, and get unrecognized_name: list it in private, too, " +
      "or take ech out of its record",
  );
});

Deno.test("compare() asks of a public name else only that it has no strange key", () => {
  const held: Held = { ...HELD, kind: "public", retiredConfigIds: [] };
  assert.equal(compare(held, { kind: "missing", reason: "no such name" }).result, "match");
  assert.equal(compare(held, found({ port: 1 })).result, "match");
  assert.equal(compare(held, found(ech(KEY))).result, "match");
  assertMismatch(
    compare(held, found(ech(STRANGE))),
    "key 9 for other.test is not held: clients would be rejected",
  );
  assertMismatch(
    compare(held, { kind: "broken", reason: "it is odd" }),
    "it is odd: clients pass it over",
  );
});

Deno.test("compare() does not take for a mismatch what could not be looked up", () => {
  const { result, problems } = compare(HELD, { kind: "failed", reason: "timed out" });
  assert.deepEqual([result, problems], ["unknown", ["timed out"]]);
});
