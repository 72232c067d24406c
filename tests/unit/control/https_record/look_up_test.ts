import assert from "node:assert/strict";
import { lookUpHttpsRecord } from "../../../../src/control/https_record/look_up.ts";
import { plainResolver } from "../../../../src/control/https_record/plain_resolver.ts";
import type { ServiceBinding } from "../../../../src/proto/dns/service_binding.ts";
import { type Answer, startHttpsNameServer } from "../../../support/https_name_server.ts";
import {
  cnameRecord,
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
} from "../../../support/https_record_builder.ts";

const NOTHING: Answer = {};
const NO_SUCH_NAME: Answer = { flags: 0x8583 };

function record(owner: string, binding: Partial<ServiceBinding>, ttl = 300): number[] {
  return httpsRecord(owner, encodeServiceBinding({ ...PLAIN_BINDING, ...binding }), ttl);
}

/** Looks a name up where each name has an answer; others do not exist. */
async function lookUp(name: string, zone: Readonly<Record<string, Answer>>) {
  await using server = startHttpsNameServer((asked) => zone[asked] ?? NO_SUCH_NAME);
  const lookup = await lookUpHttpsRecord(plainResolver(server.address), name);
  return { lookup, queries: server.queries.map((query) => query.replace("udp ", "")) };
}

Deno.test("lookUpHttpsRecord() gives bindings in the order of their priority, and the shortest time", async () => {
  const { lookup } = await lookUp("a.test", {
    "a.test": {
      answers: [
        record("a.test", { priority: 2, target: "second.test" }, 60),
        record("a.test", { priority: 1, alpn: ["h2"] }, 300),
        record("other.test", { priority: 1 }, 1),
      ],
    },
  });
  assert.deepEqual(lookup, {
    kind: "found",
    bindings: [
      { ...PLAIN_BINDING, alpn: ["h2"] },
      { ...PLAIN_BINDING, priority: 2, target: "second.test" },
    ],
    ttl: 60,
    isAuthoritative: true,
    aliases: [],
  });
});

Deno.test("lookUpHttpsRecord() follows CNAME records of one answer, and asks on where it ends", async () => {
  const whole = await lookUp("a.test", {
    "a.test": {
      answers: [
        record("c.test", {}, 300),
        cnameRecord("b.test", "c.test", 30),
        cnameRecord("a.test", "b.test", 900),
      ],
    },
  });
  assert(whole.lookup.kind === "found");
  assert.equal(whole.lookup.ttl, 30);
  assert.deepEqual(whole.lookup.aliases, ["b.test", "c.test"]);
  assert.deepEqual(whole.queries, ["a.test"]);

  const inParts = await lookUp("a.test", {
    "a.test": { flags: 0x8180, answers: [cnameRecord("a.test", "b.test", 20)] },
    "b.test": { answers: [record("b.test", {})] },
  });
  assert(inParts.lookup.kind === "found");
  assert.equal(inParts.lookup.ttl, 20);
  assert.equal(inParts.lookup.isAuthoritative, false);
  assert.deepEqual(inParts.queries, ["a.test", "b.test"]);
});

Deno.test("lookUpHttpsRecord() follows aliases, beside which services do not count", async () => {
  const { lookup, queries } = await lookUp("a.test", {
    "a.test": {
      answers: [
        record("a.test", { priority: 1, target: "wrong.test" }),
        record("a.test", { priority: 0, target: "b.test" }, 40),
      ],
    },
    "b.test": { answers: [record("b.test", { priority: 0, target: "c.test" })] },
    "c.test": { answers: [record("c.test", { port: 8443 })] },
  });
  assert(lookup.kind === "found");
  assert.deepEqual(lookup.bindings, [{ ...PLAIN_BINDING, port: 8443 }]);
  assert.deepEqual(lookup.aliases, ["b.test", "c.test"]);
  assert.equal(lookup.ttl, 40);
  assert.deepEqual(queries, ["a.test", "b.test", "c.test"]);
});

Deno.test("lookUpHttpsRecord() tells a name that does not exist from one without the record", async () => {
  assert.deepEqual((await lookUp("a.test", {})).lookup, {
    kind: "missing",
    reason: "no such name",
  });
  assert.deepEqual((await lookUp("a.test", { "a.test": NOTHING })).lookup, {
    kind: "missing",
    reason: "no HTTPS record",
  });
  const alias = { "a.test": { answers: [record("a.test", { priority: 0, target: "b.test" })] } };
  assert.deepEqual((await lookUp("a.test", { ...alias, "b.test": NOTHING })).lookup, {
    kind: "missing",
    reason: "no HTTPS record",
  });
});

Deno.test("lookUpHttpsRecord() bounds chains, and sees circles", async () => {
  const circle = await lookUp("a.test", {
    "a.test": { answers: [record("a.test", { priority: 0, target: "b.test" })] },
    "b.test": { answers: [record("b.test", { priority: 0, target: "a.test" })] },
  });
  assert.deepEqual(circle.lookup, {
    kind: "broken",
    reason: 'its aliases go in circles at "a.test"',
  });
  const chain = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `n${i}.test`,
      { answers: [record(`n${i}.test`, { priority: 0, target: `n${i + 1}.test` })] },
    ]),
  );
  const long = await lookUp("n0.test", chain);
  assert.deepEqual(long.lookup, { kind: "broken", reason: "too many aliases" });
  assert(long.queries.length <= 8);
  const cnames = await lookUp("a.test", {
    "a.test": { answers: [cnameRecord("a.test", "b.test"), cnameRecord("b.test", "a.test")] },
  });
  assert.deepEqual(cnames.lookup, { kind: "broken", reason: "too many aliases" });
});

Deno.test("lookUpHttpsRecord() says what clients cannot use", async () => {
  const cases: [number[], string][] = [
    [httpsRecord("a.test", Uint8Array.of(0)), "the record is malformed, so clients ignore it"],
    [
      record("a.test", { priority: 0 }),
      "the record says that there is no such service (alias of .)",
    ],
    [cnameRecord("a.test", "b\u0001.test"), 'its alias "b\\001.test" is no host name'],
  ];
  for (const [answer, reason] of cases) {
    const { lookup } = await lookUp("a.test", { "a.test": { answers: [answer] } });
    assert.deepEqual(lookup, { kind: "broken", reason });
  }
});

Deno.test("lookUpHttpsRecord() says why it cannot be told", async () => {
  for (
    const [flags, code] of [[0x8182, "SERVFAIL"], [0x8185, "REFUSED"], [0x8189, "response code 9"]]
  ) {
    const { lookup } = await lookUp("a.test", { "a.test": { flags: Number(flags) } });
    assert(lookup.kind === "failed");
    assert.match(lookup.reason, new RegExp(`^"127\\.0\\.0\\.1:\\d+" answers ${code}$`));
  }
});
