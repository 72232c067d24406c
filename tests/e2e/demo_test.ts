import assert from "node:assert/strict";
import { runMain } from "../support/main_process.ts";
import { needs } from "../support/needs.ts";
import { findProgram, RunningProgram, runOk } from "../support/programs.ts";

const KINDS = [
  ...["HTTP", "TLS", "TLS", "SSH", "SOCKS5", "server speaks first", "QUIC", "WireGuard"],
  "other UDP",
];

Deno.test("demo shows every protocol and ends, without a terminal, with 0", async () => {
  const { code, stdout, stderr } = await runMain(["demo"]);
  assert.equal(code, 0, stdout + stderr);
  const rows = stdout.split("\n").filter((line) => / {2}ok$/.test(line));
  assert.deepEqual(rows.map((row) => row.split(/ {2,}/)[0]), KINDS);
  // What rows must say: service, backend and time, each of them known.
  for (const row of rows) assert.match(row, / {2}\w+ +127\.0\.0\.1:\d+ +\d+\.\d ms +ok$/);
  assert(!stdout.includes("\x1b"), "no colours without a terminal");
});

needs("script", "curl")("demo goes on serving on a terminal until SIGINT", async () => {
  const words = [Deno.execPath(), "run", "--no-prompt", "--frozen", "--allow-net", "--allow-read"];
  const main = new URL("../../main.ts", import.meta.url).pathname;
  // `script` gives it a terminal; `exec` lets signals to `sh` reach it.
  await using demo = RunningProgram.start(findProgram("script") ?? "", [
    ...["--quiet", "--return", "--flush", "--command"],
    `echo pid=$$; exec ${[...words, main, "demo"].join(" ")}`,
    "/dev/null",
  ]);
  const command = await demo.waitForLine(/^ {2}curl http:/);
  const url = /http:\S+/.exec(command)?.[0] ?? "";
  await demo.waitForLine(/Serving until Ctrl-C/);
  assert.equal(await runOk("curl", ["-sS", url]), "plain web\n");
  await demo.waitForLine(/\[finish\] tcp:http: .*service=web/);
  const pid = Number(/pid=(\d+)/.exec(await demo.waitForLine(/pid=/))?.[1]);
  Deno.kill(pid, "SIGINT");
  assert.equal((await demo.ended).code, 0, demo.lines.join("\n"));
});
