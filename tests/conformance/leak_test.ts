import assert from "node:assert/strict";
import { run } from "../support/programs.ts";
import { ENGINES } from "./engines.ts";

// Tests that run in parallel share a process, and so its descriptors: these ones are counted in a process of their own.
for (const { name, needing } of ENGINES) {
  needing("Linux")(
    `${name} leaves nothing behind of connections and UDP flows that end in any state`,
    async () => {
      const cases = new URL("leak_cases.ts", import.meta.url).pathname;
      const args = ["test", "--no-prompt", "--no-check", "-A", cases, "--", name];
      const { code, stdout, stderr } = await run(Deno.execPath(), args);
      assert.equal(code, 0, stdout + stderr);
    },
  );
}
