import assert from "node:assert/strict";
import { check } from "../../../../src/cli/ech/check.ts";
import type { EchCheck } from "../../../../src/cli/ech/command.ts";
import type { EchKey } from "../../../../src/model/ech.ts";
import type { ServiceBinding } from "../../../../src/proto/dns/service_binding.ts";
import { echKey } from "../../../support/ech_client.ts";
import { configList, echTable, writeEchConfig } from "../../../support/ech_files.ts";
import { type Answer, startHttpsNameServer } from "../../../support/https_name_server.ts";
import {
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
} from "../../../support/https_record_builder.ts";
import { TempDir } from "../../../support/temp_dir.ts";

const NEW = echKey({ configId: 7, publicName: "edge.test" });
const OLD = echKey({ configId: 6, publicName: "edge.test" });
const STRANGE = echKey({ configId: 9, publicName: "edge.test" });
const PRIVATE =
  'private = [{ names = ["a.test", "b.test", "*.c.test"], target = ["127.0.0.1:1"] }]';

function record(name: string, key: EchKey, binding: Partial<ServiceBinding> = {}): Answer {
  const data = encodeServiceBinding({
    ...PLAIN_BINDING,
    alpn: ["h2"],
    ech: configList(key),
    ...binding,
  });
  return { answers: [httpsRecord(name, data)] };
}

/** Checks a configuration with both keys against a name server. */
async function checked(
  zone: Readonly<Record<string, Answer>>,
  command: Partial<EchCheck> = {},
  tables = [echTable("edge", [NEW, OLD], PRIVATE)],
) {
  await using dir = await TempDir.make();
  await using server = startHttpsNameServer((name) => zone[name] ?? {});
  const config = await writeEchConfig(dir, [NEW, OLD], ...tables);
  const resolver = `127.0.0.1:${server.address.port}`;
  let text = "";
  const code = await check(
    { action: "check", port: null, publicOnly: false, resolver, ...command, config },
    (more) => text += more,
  );
  return { code, text, queries: server.queries.map((query) => query.replace("udp ", "")).sort() };
}

Deno.test("check() prints a table of all names, and what is to be known", async () => {
  const { code, text, queries } = await checked({
    "a.test": record("a.test", NEW, { ipv4Hints: ["192.0.2.1"] }),
    "b.test": record("b.test", NEW, { target: "x.test" }),
  });
  assert.equal(code, 0);
  assert.deepEqual(queries, ["a.test", "b.test", "edge.test"]);
  const [, body = ""] = text.split("are encrypted.\n\n");
  assert.equal(
    body,
    `\
RECORD     NAME IS  TTL   ALPN  CONFIG_ID  RESULT
a.test     private  300s  h2    7          match
b.test     private  300s  h2    7          match
edge.test  public                          no ech, and none is needed
*.c.test   private                         not looked up: stands for many names

  a.test: it hints at 192.0.2.1
  b.test: its target is x.test
  key 6 for edge.test is in no record that was looked up: right for an old key, and for a new one that is yet to be published

All records match
`,
  );
});

Deno.test("check() fails when a record does not match, or cannot be looked up", async () => {
  const mismatch = await checked({
    "a.test": record("a.test", STRANGE),
    "b.test": record("b.test", OLD),
  });
  assert.equal(mismatch.code, 1);
  assert.match(mismatch.text, /^a\.test +private +300s +h2 +9 +MISMATCH$/m);
  assert.match(
    mismatch.text,
    /^! a\.test: key 9 for edge\.test is not held: clients would be rejected$/m,
  );
  assert.match(mismatch.text, /^Of 3 records 1 do not match$/m);

  const unknown = await checked({
    "a.test": { flags: 0x8182 },
    "b.test": record("b.test", NEW),
  });
  assert.equal(unknown.code, 1);
  assert.match(unknown.text, /^a\.test +private +UNKNOWN$/m);
  assert.match(unknown.text, /^! a\.test: "127\.0\.0\.1:\d+" answers SERVFAIL$/m);
  assert.match(unknown.text, /^Of 3 records 1 could not be looked up$/m);
  assert.match(
    unknown.text,
    /^ {2}key 6 for edge\.test: whether it is in a record is not known$/m,
  );
  assert.doesNotMatch(unknown.text, /key 7|in no record/);
});

Deno.test("check() fails when a public name is published with a key, and not served as an inner one", async () => {
  const zone = {
    "a.test": record("a.test", NEW),
    "b.test": record("b.test", NEW),
    "edge.test": record("edge.test", NEW),
  };
  const refused = await checked(zone);
  assert.equal(refused.code, 1);
  assert.match(
    refused.text,
    /^! edge\.test: clients ask .+ unrecognized_name: list it in private/m,
  );
  const inside = PRIVATE.replace("*.c.test", "*.test");
  const served = await checked(zone, {}, [echTable("edge", [NEW, OLD], inside)]);
  assert.equal(served.code, 0);
});

Deno.test("check() says that private names are asked for in the clear, or does not ask for them", async () => {
  const told = await checked({});
  assert.match(
    told.text,
    /^Asking 127\.0\.0\.1:\d+ for HTTPS records, of private names too, in the clear/,
  );
  const spared = await checked({}, { publicOnly: true });
  assert.match(spared.text, /^Asking 127\.0\.0\.1:\d+ for HTTPS records\n\n/);
  assert.deepEqual(spared.queries, ["edge.test"]);
  assert.equal(spared.code, 0);
  assert(!spared.text.includes("a.test") && !spared.text.includes("*.c.test"));
});

Deno.test("check() asks for the records of the port that clients come to", async () => {
  const zone = {
    "_8443._https.a.test": record("_8443._https.a.test", NEW),
    "_8443._https.b.test": record("_8443._https.b.test", OLD),
  };
  const { code, queries } = await checked(zone, { port: 8443 });
  assert.equal(code, 0);
  assert.deepEqual(queries, Object.keys(zone).concat("_8443._https.edge.test"));
});

Deno.test("check() compares with the keys of the service that a name belongs to", async () => {
  const tables = [
    echTable("edge", [NEW], 'private_server_names = ["a.test"]'),
    echTable("quic_edge", [OLD], 'private_server_names = ["a.test"]'),
  ];
  const overTcp = await checked({ "a.test": record("a.test", NEW) }, {}, tables);
  assert.equal(overTcp.code, 0);
  assert.match(
    overTcp.text,
    /a\.test: a service for quic has this name, and alpn does not offer h3/,
  );
  const alpn = ["h2", "h3"];
  const both = await checked({ "a.test": record("a.test", NEW, { alpn }) }, {}, tables);
  assert.equal(both.code, 1);
});

Deno.test("check() has nothing to do without an ech table", async () => {
  const table = '[protocols.web]\nprotocol = "http"\ntarget = ["127.0.0.1:1"]';
  const { code, text, queries } = await checked({}, {}, [table]);
  assert.equal(code, 0);
  assert.match(text, /^"\S+config\.toml" has no ech table\n$/);
  assert.deepEqual(queries, []);
});
