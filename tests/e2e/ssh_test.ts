import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { startSshd } from "../support/sshd.ts";
import { TempDir } from "../support/temp_dir.ts";

const test = needs("ssh", "scp", "sshd", "ssh-keygen", "root");

test("ssh runs a command and scp copies 20 MB both ways", async () => {
  await using sshd = await startSshd();
  await using proxy = await startProxy({
    config: `[protocols.shell]\nprotocol = "ssh"\ntarget = ["127.0.0.1:${sshd.port}"]\n`,
  });
  const options = sshd.clientOptions(proxy.port);

  assert.equal(await runOk("ssh", [...options, "127.0.0.1", "echo $((6 * 7))"]), "42\n");

  await using dir = await TempDir.make();
  const original = await dir.write("original", randomBytes(20_000_000));
  const there = `${dir.path}/there`;
  const back = `${dir.path}/back`;
  await runOk("scp", ["-q", ...options, original, `127.0.0.1:${there}`]);
  await runOk("scp", ["-q", ...options, `127.0.0.1:${there}`, back]);
  const sums = await runOk("sha256sum", [original, there, back]);
  assert.equal(new Set(sums.trim().split("\n").map((line) => line.slice(0, 64))).size, 1, sums);

  const line = await proxy.waitForFinish(/service=shell .*reason=done/, 3);
  assert.match(line, / tcp:ssh: /);
});
