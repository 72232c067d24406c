/** The bundle, the one-file form of the program; `one_port_test.ts` sends real programs through it. */
import assert from "node:assert/strict";
import { readLine, writeText } from "../../src/cli/demo/conn_io.ts";
import { EchoServer } from "../support/echo_server.ts";
import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

async function makeBundle(dir: TempDir): Promise<string> {
  const bundle = `${dir.path}/rpxy-l4.js`;
  await runOk(Deno.execPath(), [
    ...["bundle", "--frozen", "--platform", "deno", "--output", bundle, MAIN],
  ]);
  return bundle;
}

Deno.test("the bundle passes the demo with only the flags that the documentation names", async () => {
  await using dir = await TempDir.make();
  const bundle = await makeBundle(dir);
  const flags = ["--no-prompt", "--no-config", "--unstable-net", "--allow-net", "--allow-read"];
  await runOk(Deno.execPath(), ["run", ...flags, bundle, "demo"]);
});

needs("Linux")("the bundle is its own worker threads", async () => {
  await using dir = await TempDir.make();
  await using backend = new EchoServer();
  await using proxy = await startProxy({
    bundle: await makeBundle(dir),
    permissions: ["--allow-ffi"],
    config: `engine = "native"\nworkers = 2\ntcp_target = ["${backend.address}"]\n`,
  });
  await proxy.process.waitForLine(/event=started .*engine=native workers=2/);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await writeText(conn, "through a thread\n");
  assert.equal(await readLine(conn), "through a thread");
  // Each thread loads the whole program, which must not run in it as well.
  assert.equal(proxy.process.lines.filter((line) => line.includes("event=started")).length, 1);
});
