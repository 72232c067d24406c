import assert from "node:assert/strict";
import type { EchGenerate } from "../../../../src/cli/ech/command.ts";
import { FileError } from "../../../../src/cli/ech/file_error.ts";
import { generate } from "../../../../src/cli/ech/generate.ts";
import { UsageError } from "../../../../src/cli/usage_error.ts";
import { parseConfig } from "../../../../src/control/config/parse.ts";
import { parseEchKeyFile } from "../../../../src/control/ech/key_file.ts";
import { type EchConfig, parseEchConfigList } from "../../../../src/proto/ech/config.ts";
import { derivePublicKey } from "../../../../src/proto/hpke/key.ts";
import { echKey } from "../../../support/ech_client.ts";
import { echTable, writeEchConfig } from "../../../support/ech_files.ts";
import { TempDir } from "../../../support/temp_dir.ts";

const COMMAND: EchGenerate = {
  action: "generate",
  publicName: "edge.test",
  names: [],
  alpn: [],
  port: null,
  config: null,
  kem: null,
  configId: null,
  maximumNameLength: null,
  out: null,
};

async function generated(command: Partial<EchGenerate>): Promise<string> {
  let text = "";
  assert.equal(await generate({ ...COMMAND, ...command }, (more) => text += more), 0);
  return text;
}

/** What stands below a heading that begins so. */
function sectionOf(text: string, heading: string): string {
  const part = text.split(/\n\n(?=#)/).find((part) => part.startsWith(`# ${heading}`));
  assert(part !== undefined, `${heading} in ${text}`);
  return part.replace(/^#.*\n/gm, "");
}

function configOf(list: Uint8Array): EchConfig {
  const verdict = parseEchConfigList(list);
  const [config] = verdict.kind === "match" ? verdict.value : [];
  assert(config?.kind === "config");
  return config;
}

Deno.test("generate() prints a key file when it writes none", async () => {
  for (const kem of ["x25519", "p256"] as const) {
    const text = await generated({ kem, configId: 42 });
    assert.match(text, /^# Key file: save these lines as "ech-42\.pem"/);
    // The text as a whole can be saved as the file: what stands around PEM does not count.
    const { privateKey, configList, kem: made } = parseEchKeyFile(text);
    const config = configOf(configList);
    assert.equal(made, kem);
    assert.deepEqual(derivePublicKey(kem, privateKey), config.publicKey);
    assert.equal(config.configId, 42);
    assert.equal(config.publicName, "edge.test");
    assert.equal(config.maximumNameLength, 0);
    assert.deepEqual(config.suites, [{ kdf: 1, aead: 1 }, { kdf: 1, aead: 3 }]);
    assert.deepEqual(config.extensions, []);
    assert.equal(sectionOf(text, "ECHConfigList in base64").trim(), configList.toBase64());
  }
});

Deno.test("generate() warns of a public name that not all clients take", async () => {
  const text = await generated({ publicName: "localhost" });
  assert.match(text, /^# The public name "localhost" has no dot: some clients, such as Go's, /);
  assert.equal(configOf(parseEchKeyFile(text).configList).publicName, "localhost");
  assert.doesNotMatch(await generated({}), /dot/);
});

Deno.test("generate() prints a configuration that can be used", async () => {
  const text = await generated({ names: ["wiki.test", "a.wiki.test"] });
  const toml = sectionOf(text, "Configuration").replaceAll("NAME", "edge");
  const { snapshot } = parseConfig(`listen_port = 443\n${toml}`, "config.toml", {
    read: () => ({ text }),
    now: 0,
  });
  const service = snapshot.tcp.byName.get("tls")?.exact.get("edge.test")?.bare;
  assert.deepEqual([...service?.ech?.names.exact.keys() ?? []], ["wiki.test", "a.wiki.test"]);
  assert.equal(configOf(parseEchKeyFile(text).configList).maximumNameLength, 11);
});

Deno.test("generate() prints the records for DNS", async () => {
  const text = await generated({ names: ["wiki.test"], alpn: ["h2", "h3"] });
  const value = `alpn="h2,h3" ech="${parseEchKeyFile(text).configList.toBase64()}"`;
  assert.deepEqual(sectionOf(text, "DNS, as in a zone file").trim().split("\n"), [
    `wiki.test. 300 IN HTTPS 1 . ${value}`,
    `_8443._https.wiki.test. 300 IN HTTPS 1 wiki.test. ${value}`,
  ]);
  assert.deepEqual(sectionOf(text, "The same in a form").trim().split("\n"), [
    "Type      HTTPS",
    "Name      wiki.test",
    "Priority  1",
    "Target    .",
    "TTL       5 min",
    `Value     ${value}`,
  ]);
  const other = sectionOf(await generated({ port: 9443 }), "DNS, as in a zone file");
  assert.match(other, /^_9443\._https\.private\.example\. 300 IN HTTPS 1 private\.example\. /);
});

Deno.test("generate() writes a file that only its owner can read, and never overwrites one", async () => {
  await using dir = await TempDir.make();
  const text = await generated({ out: dir.path, configId: 42 });
  const path = `${dir.path}/ech-42.pem`;
  const { mode } = await Deno.stat(path);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  assert(text.startsWith(`# Key file: "${path}"`));
  assert(text.includes(`key_files = ["${path}"]`));
  assert(!text.includes("PRIVATE KEY"));
  const written = await Deno.readTextFile(path);
  parseEchKeyFile(written);

  await assert.rejects(generated({ out: dir.path, configId: 42 }), (error) => {
    assert(error instanceof FileError);
    assert.match(error.message, /^Cannot write ".*ech-42\.pem": it is there already/);
    return true;
  });
  assert.equal(await Deno.readTextFile(path), written);
  await assert.rejects(generated({ out: `${dir.path}/none` }), {
    message: /: no such directory$/,
  });
});

Deno.test("generate() takes a config_id that no file and no key of the configuration has", async () => {
  await using dir = await TempDir.make();
  const key = echKey({ configId: 0, publicName: "edge.test" });
  const retired = Array.from({ length: 253 }, (_, index) => index + 1).join(", ");
  const config = await writeEchConfig(
    dir,
    [key],
    echTable(
      "edge",
      [key],
      'private_server_names = ["wiki.test"]',
      `retired_config_ids = [${retired}]`,
    ),
  );
  await dir.write("ech-254.pem", "");
  await generated({ config, out: dir.path });
  const text = await Deno.readTextFile(`${dir.path}/ech-255.pem`);
  assert.equal(configOf(parseEchKeyFile(text).configList).configId, 255);

  await assert.rejects(
    generated({ config, out: dir.path }),
    new UsageError('All 256 values of config_id are taken: say one with "--config-id"'),
  );
  await assert.rejects(
    generated({ config, configId: 0 }),
    new UsageError(`"${config}" has config_id 0 already: say another, or none`),
  );
});

Deno.test("generate() names a file that is below the configuration as seen from there", async () => {
  await using dir = await TempDir.make();
  const key = echKey({ configId: 0, publicName: "edge.test" });
  const table = echTable("edge", [key], 'private_server_names = ["wiki.test"]');
  const config = await writeEchConfig(dir, [key], table);
  await Deno.mkdir(`${dir.path}/keys`);
  const text = await generated({ config, out: `${dir.path}/keys`, configId: 1 });
  assert(text.includes('key_files = ["keys/ech-1.pem"]'));
});
