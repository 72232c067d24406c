/**
 * Key and certificate files of a running service: read, watched, changed whole or not at all, and told without a secret.
 */
import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { readText } from "../../src/cli/demo/conn_io.ts";
import { toRecords } from "../support/client_hello_builder.ts";
import { EchClient, echKey } from "../support/ech_client.ts";
import { keyFile } from "../support/ech_config.ts";
import { freePort } from "../support/free_port.ts";
import { runMain, startService } from "../support/main_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const FIRST = echKey({ configId: 1, publicName: "edge.example" });
const SECOND = echKey({ configId: 2, publicName: "edge.example" });
const INNER_NAME = "hidden-wiki.invalid";

function config(port: number, lines = ""): string {
  return `listen_port = ${port}
listen_address_v4 = "127.0.0.1"
drain_timeout = "0s"
log_level = "debug"
[protocols.edge]
protocol = "tls"
server_names = ["edge.example"]
target = ["127.0.0.1:9"]
[protocols.edge.ech]
key_files = ["keys/ech.pem"]
private_server_names = ["${INNER_NAME}:443"]
${lines}
`;
}

/** A folder with a configuration, and its keys in a folder beside it. */
async function setUp(dir: TempDir, lines = ""): Promise<{ path: string; port: number }> {
  const port = freePort();
  await Deno.mkdir(`${dir.path}/keys`);
  await dir.write("keys/ech.pem", keyFile(FIRST));
  return { path: await dir.write("config.toml", config(port, lines)), port };
}

Deno.test("a key file that changes is taken into use, and a broken one is not", async () => {
  await using dir = await TempDir.make();
  const { path } = await setUp(dir);
  await using service = await startService(["--config", path]);
  const told = (id: number) => new RegExp(`event=ech_keys keys=${id}:edge\\.example$`);
  await service.waitForLine(told(1));

  await dir.write("next.pem", keyFile(SECOND));
  await Deno.rename(`${dir.path}/next.pem`, `${dir.path}/keys/ech.pem`);
  await service.waitForLine(told(2));
  await service.waitForLine(/event=reloaded/);

  // The key of another configuration: both are sound by themselves.
  await dir.write("next.pem", keyFile({ ...FIRST, config: SECOND.config }));
  await Deno.rename(`${dir.path}/next.pem`, `${dir.path}/keys/ech.pem`);
  await service.waitForLine(/config\.toml:10:14: error: No configuration in the file belongs to/);
  assert.equal(service.lines.filter((line) => line.includes("event=reloaded")).length, 1);

  await Deno.remove(`${dir.path}/keys/ech.pem`);
  await service.waitForLine(/Cannot read "keys\/ech\.pem": no such file/);
  await dir.write("keys/ech.pem", keyFile(FIRST));
  await service.waitForLine(told(1), { count: 2 });
  assertTellsNothing(service.lines.join("\n"));
});

Deno.test("keys are taken into use when their folder is swapped by a symbolic link", async () => {
  await using dir = await TempDir.make();
  const { path } = await setUp(dir);
  await Deno.rename(`${dir.path}/keys`, `${dir.path}/keys-1`);
  await Deno.symlink("keys-1", `${dir.path}/keys`);
  await using service = await startService(["--config", path]);
  await service.waitForLine(/keys=1:edge\.example/);
  await Deno.mkdir(`${dir.path}/keys-2`);
  await dir.write("keys-2/ech.pem", keyFile(SECOND));
  await Deno.symlink("keys-2", `${dir.path}/swap`);
  await Deno.rename(`${dir.path}/swap`, `${dir.path}/keys`);
  await service.waitForLine(/keys=2:edge\.example/);
});

Deno.test("a certificate and its key are changed together", async () => {
  await using dir = await TempDir.make();
  const [one, two] = [1, 2].map(() => selfSignedCertificate(["edge.example"], Date.now()));
  await dir.write("edge.pem", `${one?.cert}`);
  await dir.write("edge.key", `${one?.key}`);
  const lines = 'on_reject = "retry"\ncertificate = "edge.pem"\ncertificate_key = "edge.key"';
  const { path } = await setUp(dir, lines);
  await using service = await startService(["--config", path]);
  await dir.write("edge.pem", `${two?.cert}`);
  await dir.write("edge.key", `${two?.key}`);
  await service.waitForLine(/event=reloaded/);
  assert.doesNotMatch(service.lines.join("\n"), /PRIVATE|[A-Za-z0-9+/]{60}/);
});

Deno.test("a certificate that expires soon is told of at once", async () => {
  await using dir = await TempDir.make();
  const { cert, key } = selfSignedCertificate(["edge.example"], Date.now());
  await dir.write("edge.pem", cert);
  await dir.write("edge.key", key);
  const lines = 'on_reject = "retry"\ncertificate = "edge.pem"\ncertificate_key = "edge.key"';
  const { path } = await setUp(dir, lines);
  await using service = await startService(["--config", path]);
  await service.waitForLine(
    / WARN The certificate of "edge" for its public name expires in 7 days: .* event=ech_certificate_expires /,
  );
});

Deno.test("nothing that is logged of a hidden name tells it", async () => {
  await using dir = await TempDir.make();
  const { path, port } = await setUp(dir);
  await using service = await startService(["--config", path]);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const hello = EchClient.seeded(FIRST).hello({ inner: { serverName: INNER_NAME } });
  await conn.write(toRecords(hello.outer));
  await readText(conn);
  const finish = await service.waitForLine(/\[finish\]/);
  assert.match(
    finish,
    / service=edge sni=edge\.example .*ech=accepted ech_public_name=edge\.example /,
  );
  assert.match(finish, / ech_config_id=1 .*reason=connect_failed error=name_not_resolved$/);
  await service.waitForLine(/Cannot connect to a private target of "edge": /);
  await service.waitForLine(/Cannot resolve a private target of "edge": /);
  assertTellsNothing(service.lines.join("\n"));
});

Deno.test("a configuration that cannot be used is told of without its hidden names", async () => {
  await using dir = await TempDir.make();
  const { path } = await setUp(dir, `private_server_nmaes = ["${INNER_NAME}"]`);
  const serve = await runMain(["--config", path]);
  assert.match(serve.stderr, /Unknown key "private_server_nmaes"/);
  assertTellsNothing(serve.stderr + serve.stdout);
  // To whoever checks the file, it is shown.
  const check = await runMain(["check", "--config", path]);
  assert.match(check.stderr, /private_server_nmaes = \["hidden-wiki\.invalid"\]/);
});

function assertTellsNothing(log: string): void {
  assert.doesNotMatch(log, /hidden-wiki/);
  for (const { privateKey } of [FIRST, SECOND]) {
    const secret = privateKey.toBase64().slice(0, 20);
    assert.equal(log.includes(secret), false);
  }
}
