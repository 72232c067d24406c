import assert from "node:assert/strict";
import type { EchRotate } from "../../../../src/cli/ech/command.ts";
import { rotate } from "../../../../src/cli/ech/rotate.ts";
import { UsageError } from "../../../../src/cli/usage_error.ts";
import { loadConfig } from "../../../../src/app/config_file.ts";
import { parseEchKeyFile } from "../../../../src/control/ech/key_file.ts";
import type { EchKey } from "../../../../src/model/ech.ts";
import { type EchConfig, parseEchConfigList } from "../../../../src/proto/ech/config.ts";
import { echKey } from "../../../support/ech_client.ts";
import { configList, echTable, writeEchConfig } from "../../../support/ech_files.ts";
import { startHttpsNameServer } from "../../../support/https_name_server.ts";
import {
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
} from "../../../support/https_record_builder.ts";
import { TempDir } from "../../../support/temp_dir.ts";

const KEY = echKey({ configId: 7, publicName: "edge.test", kem: "p256" });
const OLDER = echKey({ configId: 6, publicName: "edge.test" });
const OTHER = echKey({ configId: 5, publicName: "other.test" });
const PRIVATE = 'private_server_names = ["wiki.test"]';

const COMMAND: Omit<EchRotate, "config"> = {
  action: "rotate",
  service: null,
  publicName: null,
  port: null,
  ttl: 300,
  resolver: null,
  kem: null,
  configId: null,
  maximumNameLength: null,
  out: null,
};

async function rotated(
  config: string,
  command: Partial<EchRotate> = {},
): Promise<string> {
  let text = "";
  assert.equal(await rotate({ ...COMMAND, ...command, config }, (more) => text += more), 0);
  return text;
}

/** Writes a configuration, and rotates. */
async function rotatedOf(
  tables: readonly string[],
  command: Partial<EchRotate> = {},
  keys: readonly EchKey[] = [KEY, OLDER, OTHER],
): Promise<string> {
  await using dir = await TempDir.make();
  return await rotated(await writeEchConfig(dir, keys, ...tables), command);
}

function newConfig(text: string): EchConfig {
  const verdict = parseEchConfigList(parseEchKeyFile(text).configList);
  const [config] = verdict.kind === "match" ? verdict.value : [];
  assert(config?.kind === "config");
  return config;
}

/** The lines below the heading of a step, up to the next one. */
function step(text: string, number: number): string {
  const [, rest = ""] = text.split(`\n# ${number}. `);
  return rest.split(/\n# \d\. /)[0] ?? "";
}

Deno.test("rotate() makes a key like the one in use, with another config_id", async () => {
  const text = await rotatedOf([
    echTable("edge", [KEY, OLDER], PRIVATE, `retired_config_ids = [${allBut(6, 7, 200)}]`),
  ]);
  const config = newConfig(text);
  assert.deepEqual(
    [config.configId, config.kem, config.publicName, config.maximumNameLength],
    [200, 0x10, "edge.test", "wiki.test".length],
  );
  assert.match(text, /^# Next key of "edge": config_id 200, public name edge\.test$/m);

  const other = newConfig(
    await rotatedOf([echTable("edge", [KEY], PRIVATE)], {
      kem: "x25519",
      configId: 99,
      publicName: "new.test",
      maximumNameLength: 40,
    }),
  );
  assert.deepEqual(
    [other.configId, other.kem, other.publicName, other.maximumNameLength],
    [99, 0x20, "new.test", 40],
  );
});

Deno.test("rotate() says what to change in the file: now, and when the old keys may go", async () => {
  const table = echTable("edge", [KEY, OLDER], PRIVATE, "retired_config_ids = [200, 3]");
  const text = await rotatedOf([table], { configId: 42 });
  assert.match(
    step(text, 1),
    /\n\[protocols\."edge"\.ech\]\nkey_files = \["ech-42\.pem", \{ path = "ech-7\.pem", retry = false \}, \{ path = "ech-6\.pem", retry = false \}\]\n/,
  );
  assert.match(
    step(text, 4),
    /\n\[protocols\."edge"\.ech\]\nkey_files = \["ech-42\.pem"\]\nretired_config_ids = \[3, 6, 7, 200\]\n/,
  );
});

Deno.test("rotate() prints tables that can be used at each step", async () => {
  await using dir = await TempDir.make();
  const config = await writeEchConfig(dir, [KEY], echTable("edge", [KEY], PRIVATE));
  const text = await rotated(config, { configId: 42, out: dir.path });
  const before = await Deno.readTextFile(config);
  for (const [number, ids] of [[1, [42, 7]], [4, [42]]] as const) {
    const [, table = ""] = step(text, number).split('[protocols."edge".ech]\n');
    const lines = table.split("\n#")[0]?.split("\n").filter((line) => line !== "") ?? [];
    const after = before.replace(/^key_files = .*$/m, lines.join("\n"));
    await Deno.writeTextFile(config, after);
    const { snapshot } = await loadConfig(config);
    const service = snapshot.tcp.byName.get("tls")?.exact.get("edge.test")?.bare;
    assert.deepEqual(service?.ech?.keys.map(({ configId }) => configId), ids);
    if (number === 4) assert.deepEqual(service?.ech?.retiredConfigIds, [7]);
  }
  assert((await Deno.stat(`${dir.path}/ech-42.pem`)).isFile);
});

Deno.test("rotate() leaves the configuration as it is", async () => {
  await using dir = await TempDir.make();
  const config = await writeEchConfig(dir, [KEY], echTable("edge", [KEY], PRIVATE));
  const before = await Deno.readTextFile(config);
  await rotated(config, { out: dir.path });
  assert.equal(await Deno.readTextFile(config), before);
});

Deno.test("rotate() knows what becomes of ech_config_list", async () => {
  const text = await rotatedOf([[
    '[protocols.edge]\nprotocol = "tls"\nserver_names = ["edge.test"]\ntarget = ["127.0.0.1:1"]',
    "[protocols.edge.ech]",
    `ech_config_list = "${configList(KEY).toBase64()}"`,
    `private_keys = ["${KEY.privateKey.toBase64()}"]`,
    PRIVATE,
  ].join("\n")], { configId: 42 });
  assert.match(step(text, 1), /\nkey_files = \["ech-42\.pem"\]\nretry = false # ech_config_list/);
  assert.match(
    step(text, 4),
    /\nretired_config_ids = \[7\]\n# without ech_config_list, private_keys and retry\n/,
  );
  assert(!text.includes(KEY.privateKey.toBase64()));
});

Deno.test("rotate() prints the records of all names, as DNS can have them", async () => {
  const names =
    'private = [{ names = ["a.test", "*.b.test", ".c.test"], target = ["127.0.0.1:1"] }]';
  const tables = [echTable("edge", [KEY], names), echTable("quic_edge", [KEY], names)];
  const owners = (text: string) =>
    [...step(text, 2).matchAll(/^(\S+) 300 IN HTTPS 1 (\S+) alpn="h2,h3" ech=/gm)]
      .map(([, owner, target]) => `${owner} ${target}`);
  assert.deepEqual(owners(await rotatedOf(tables)), [
    "a.test. .",
    "c.test. .",
    "*.b.test. .",
    "*.c.test. .",
  ]);
  assert.deepEqual(owners(await rotatedOf(tables, { port: 8443 })), [
    "_8443._https.a.test. a.test.",
    "_8443._https.c.test. c.test.",
  ]);
});

Deno.test("rotate() says which names DNS can have no record for", async () => {
  const names = 'private = [{ names = ["*.b.test", ".c.test"], target = ["127.0.0.1:1"] }]';
  const tables = [echTable("edge", [KEY], names)];
  const note =
    /^# No record above is for \*\.b\.test, \*\.c\.test on port 8443: DNS has no wildcard/m;
  assert.match(step(await rotatedOf(tables, { port: 8443 }), 2), note);
  assert.doesNotMatch(await rotatedOf(tables), /No record above/);
  const plain = [echTable("edge", [KEY], PRIVATE)];
  assert.doesNotMatch(await rotatedOf(plain, { port: 8443 }), /No record above/);
});

Deno.test("rotate() says until when the old keys are needed", async () => {
  const table = echTable("edge", [KEY], PRIVATE);
  const from = Date.now();
  const text = await rotatedOf([table], { ttl: 300 });
  const until = Date.now();
  const [, shown = ""] = /^# 3\. Wait 1 day 5 min from then on: until (.*) UTC, /m.exec(text) ?? [];
  const minute = Date.parse(`${shown.replace(" ", "T")}Z`);
  assert(minute > from + 86_700_000 - 60_000 && minute <= until + 86_700_000);
  assert.match(text, /time to live is 5 min \(as you say\);/);

  const unsaid = await rotatedOf([table], { ttl: null });
  assert.match(unsaid, /^# 3\. Wait 2 days from then on/m);
  assert.match(unsaid, /not known \(neither --ttl nor --resolver says it\), so 1 day is assumed/);
});

Deno.test("rotate() asks a resolver for the time to live", async () => {
  const data = encodeServiceBinding({ ...PLAIN_BINDING, ech: configList(KEY) });
  const table = echTable("edge", [KEY], 'private_server_names = ["wiki.test", "b.test"]');
  const asked = async (answer: (name: string) => object) => {
    await using server = startHttpsNameServer(answer);
    const resolver = `127.0.0.1:${server.address.port}`;
    return (await rotatedOf([table], { ttl: null, resolver })).replaceAll(resolver, "SERVER");
  };
  const whole = await asked((name) => ({
    answers: [httpsRecord(name, data, name === "b.test" ? 3600 : 60)],
  }));
  assert.match(whole, /^Asking SERVER for HTTPS records, of private names too, in the clear/);
  assert.match(whole, /time to live is 1 h \(asked of SERVER\);/);
  const cached = await asked((name) => ({
    flags: 0x8180,
    answers: [httpsRecord(name, data, 60)],
  }));
  assert.match(cached, /time to live is 1 min \(what is left of it at SERVER\);/);
  assert.match(
    await asked(() => ({})),
    /not known \(there is no record that it could be asked of\)/,
  );
  assert.match(await asked(() => ({ flags: 0x8185 })), /not known \("SERVER" answers REFUSED\)/);
});

Deno.test("rotate() takes the services that share their keys, or asks which are meant", async () => {
  const shared = [echTable("edge", [KEY], PRIVATE), echTable("quic_edge", [KEY], PRIVATE)];
  const other = echTable("other", [OTHER], 'private_server_names = ["b.test"]');
  const text = await rotatedOf(shared);
  assert.match(text, /^# Next key of "edge", "quic_edge": /);
  assert.match(step(text, 1), /\[protocols\."edge"\.ech\]\n[^]*\[protocols\."quic_edge"\.ech\]\n/);

  await assert.rejects(
    rotatedOf([...shared, other]),
    new UsageError(
      '"edge", "quic_edge", "other" have keys of their own: say with "--service" which one is meant',
    ),
  );
  assert.match(
    await rotatedOf([...shared, other], { service: "quic_edge" }),
    /^# Next key of "edge", "quic_edge": /,
  );
  assert.match(
    await rotatedOf([...shared, other], { service: "other" }),
    /^# Next key of "other": .*other\.test/,
  );
  await assert.rejects(
    rotatedOf([other], { service: "edge" }),
    new UsageError('There is no service "edge" with an ech table: there is "other"'),
  );
  await assert.rejects(
    rotatedOf([other], { configId: 5 }),
    new UsageError("config_id 5 is held or retired: say another, or none"),
  );
  await assert.rejects(
    rotatedOf(['[protocols.web]\nprotocol = "http"\ntarget = ["127.0.0.1:1"]']),
    new UsageError(
      'The configuration has no ech table: make its first key with "rpxy-l4 ech generate"',
    ),
  );
});

function allBut(...kept: readonly number[]): string {
  return Array.from({ length: 256 }, (_, id) => id).filter((id) => !kept.includes(id)).join(", ");
}
