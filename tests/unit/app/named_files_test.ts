import assert from "node:assert/strict";
import { beside, NamedFiles } from "../../../src/app/named_files.ts";
import { TempDir } from "../../support/temp_dir.ts";

Deno.test("NamedFiles reads each file once, beside the configuration, and knows whether it has changed", async () => {
  await using dir = await TempDir.make();
  const path = await dir.write("key.pem", "one");
  const files = new NamedFiles(`${dir.path}/config.toml`);
  assert.deepEqual(files.read("key.pem"), { text: "one" });
  assert.deepEqual(files.read("./gone.pem"), {
    failure: "no such file",
    hint:
      "A relative path begins at the directory of the configuration file, wherever the proxy is started",
  });
  assert.equal(files.areUnchanged(), true);
  await dir.write("key.pem", "two");
  assert.deepEqual(files.read("key.pem"), { text: "one" });
  assert.equal(files.areUnchanged(), false);
  assert.deepEqual(files.texts, new Map([[path, "one"], [`${dir.path}/gone.pem`, null]]));
  await dir.write("key.pem", "one");
  await dir.write("gone.pem", "");
  assert.equal(files.areUnchanged(), false);
});

Deno.test("NamedFiles opens nothing that is no ordinary file, nor what is too long for a key", async () => {
  await using dir = await TempDir.make();
  await dir.write("long.pem", new Uint8Array(1024 * 1024 + 1));
  const files = new NamedFiles(`${dir.path}/config.toml`);
  assert.deepEqual(files.read("."), { failure: "it is a directory" });
  assert.deepEqual(files.read("/dev/zero"), { failure: "it is not a file" });
  assert.deepEqual(files.read("long.pem"), { failure: "it is longer than 1048576 bytes" });
});

Deno.test("beside() leaves absolute paths as they are", () => {
  assert.equal(beside("/etc/rpxy-l4/config.toml", "keys/a.pem"), "/etc/rpxy-l4/keys/a.pem");
  assert.equal(beside("config.toml", "a.pem"), "a.pem");
  assert.equal(beside("/etc/config.toml", "/keys/a.pem"), "/keys/a.pem");
});
