/**
 * `deno task compile` as far as it goes without a download of Deno's runtimes: with the running Deno as the runtime the
 * step itself is checked – module graph, lock file, flags – but the result is not an executable that works.
 */
import assert from "node:assert/strict";
import { libraryPaths } from "../../src/engine/native/sys/open_library.ts";
import { run, runOk } from "../support/programs.ts";

const ROOT = new URL("../..", import.meta.url);

Deno.test("the compile task embeds the graph, the permissions and nothing unknown", async () => {
  const target = Deno.build.target;
  const output = new URL(`dist/rpxy-l4-${target}`, ROOT);
  try {
    await runOk(Deno.execPath(), ["task", "compile", target], {
      env: { DENORT_BIN: Deno.execPath() },
      timeoutMs: 120_000,
    });
    // The metadata of a standalone executable lies in it as JSON text.
    const text = new TextDecoder("latin1").decode(await Deno.readFile(output));
    const permissions = /"permissions":(\{"allow_env".*?\})/.exec(text)?.[1];
    assert.ok(permissions !== undefined, "there are permissions in it");
    const granted = Object.entries(JSON.parse(permissions) as Record<string, unknown>)
      .filter(([name, value]) => /^allow_(?!import)/.test(name) && value !== null);
    assert.deepEqual(Object.fromEntries(granted), {
      ...(Deno.build.os === "linux" && { "allow_ffi": libraryPaths() }),
      "allow_net": [],
      "allow_read": [],
      "allow_write": ["/var/log/rpxy-l4"],
    });
    // The threads of the native engine load it from within.
    assert.match(text, /src\/engine\/native\/worker\.ts/);
  } finally {
    await Deno.remove(output).catch(() => {});
  }
});

Deno.test("the compile task names the targets when it is asked for an unknown one", async () => {
  const { code, stderr } = await run(Deno.execPath(), ["task", "compile", "sparc-solaris"]);
  assert.equal(code, 2);
  assert.match(stderr, /Unknown target: sparc-solaris/);
  assert.match(stderr, /aarch64-unknown-linux-gnu/);
});
