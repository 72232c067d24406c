import assert from "node:assert/strict";
import { run } from "../support/programs.ts";

// Tests that run in parallel share a process, and so its descriptors: these ones are counted in a process of their own.
Deno.test({
  name: "StreamsEngine leaves nothing behind of connections and UDP flows that end in any state",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cases = new URL("leak_cases.ts", import.meta.url).pathname;
    const args = ["test", "--no-prompt", "--no-check", "-A", cases];
    const { code, stdout, stderr } = await run(Deno.execPath(), args);
    assert.equal(code, 0, stdout + stderr);
  },
});
