/**
 * The proxy as a library, inside the program that uses it: what it opens, it closes.
 */
import assert from "node:assert/strict";
import { readLine, writeText } from "../../src/cli/demo/conn_io.ts";
import { ConfigFileError, ListenError, parseConfigFile, startProxy } from "../../src/mod.ts";
import { EchoServer } from "../support/echo_server.ts";
import { ENGINE } from "../support/engine_under_test.ts";
import { freePort } from "../support/free_port.ts";
import { KeptLines } from "../support/kept_lines.ts";
import { TempDir } from "../support/temp_dir.ts";

const configFor = (port: number, target: string) =>
  `listen_port = ${port}\nlisten_address_v4 = "127.0.0.1"\nengine = "${ENGINE}"\n` +
  `tcp_target = ["${target}"]\n`;

Deno.test("startProxy() serves a configuration that is in no file, and leaves nothing behind", async () => {
  await using echo = new EchoServer();
  const port = freePort();
  const config = parseConfigFile(configFor(port, echo.address), "inline.toml");
  const logSink = new KeptLines();
  const proxy = await startProxy({ config, logSink });
  assert.deepEqual(proxy.addresses, [{ transport: "tcp", host: "127.0.0.1", port }]);
  assert.deepEqual(await proxy.reload(), { kind: "unchanged" });

  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeText(conn, "hello\n");
  assert.equal(await readLine(conn), "hello");
  assert.equal(proxy.stats().tcpActive, 1);
  const drained = proxy.drain();
  conn.close();
  assert.deepEqual(await drained, { finished: 1, cut: 0 });
  assert.deepEqual(await proxy.finished, { finished: 1, cut: 0 });
  assert.match(logSink.text, /\[finish\] tcp: .* reason=done\n/);
});

Deno.test("disposing of a proxy cuts short the drain that goes on", async () => {
  await using echo = new EchoServer();
  const port = freePort();
  const config = parseConfigFile(configFor(port, echo.address), "inline.toml");
  const proxy = await startProxy({ config, logSink: new KeptLines() });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeText(conn, "hello\n");
  assert.equal(await readLine(conn), "hello");
  const drained = proxy.drain(3_600_000);
  await proxy[Symbol.asyncDispose]();
  await drained;
  assert.equal(proxy.stats().tcpActive, 0);
});

Deno.test("reload() tells what came of it", async () => {
  await using echo = new EchoServer();
  await using dir = await TempDir.make();
  const port = freePort();
  const file = await dir.write("config.toml", configFor(port, echo.address));
  await using proxy = await startProxy({ config: file, logSink: new KeptLines(), watch: false });
  assert.deepEqual(await proxy.reload(), { kind: "unchanged" });
  await dir.write("config.toml", `log_level = "warn"\n${configFor(port, echo.address)}`);
  assert.deepEqual(await Promise.all([proxy.reload(), proxy.reload()]), [
    { kind: "applied", generation: 2 },
    { kind: "applied", generation: 2 },
  ]);
  await dir.write("config.toml", "listen_port = 0\n");
  const failed = await proxy.reload();
  assert(failed.kind === "failed" && failed.error instanceof ConfigFileError);
  assert.equal(failed.error.issues[0]?.line, 1);
  await Deno.remove(file);
  const missing = await proxy.reload();
  assert(missing.kind === "failed" && missing.error instanceof ConfigFileError);
  assert.match(missing.error.message, /^Cannot read ".*": no such file$/);
  assert.equal(proxy.addresses[0]?.port, port);
});

Deno.test("startProxy() closes all it opened when an address cannot be had", async () => {
  await using echo = new EchoServer();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const config = parseConfigFile(
    configFor(freePort(), echo.address).replace(
      /^listen_port = (\d+)/,
      `listen_port = [$1, ${taken.addr.port}]`,
    ),
    "inline.toml",
  );
  await assert.rejects(
    startProxy({ config, logSink: new KeptLines() }),
    (error: unknown) => error instanceof ListenError && error.spec.address.port === taken.addr.port,
  );
});
