/** The bundle, the one-file form of the program; `one_port_test.ts` sends real programs through it. */
import { runOk } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

Deno.test("the bundle passes the demo with only the flags that the documentation names", async () => {
  await using dir = await TempDir.make();
  const bundle = `${dir.path}/rpxy-l4.js`;
  await runOk(Deno.execPath(), [
    ...["bundle", "--frozen", "--platform", "deno", "--output", bundle, MAIN],
  ]);
  const flags = ["--no-prompt", "--no-config", "--unstable-net", "--allow-net", "--allow-read"];
  await runOk(Deno.execPath(), ["run", ...flags, bundle, "demo"]);
});
