import assert from "node:assert/strict";
import { openLogs } from "../../../src/ops/open_logs.ts";
import { flowEnd, flowRecord } from "../../support/flow_records.ts";
import { TempDir } from "../../support/temp_dir.ts";

Deno.test("openLogs() writes to standard output with --allow-net and --allow-read only, in order", async () => {
  const { code, stdout, stderr } = await spawn([], "text", "1000").output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(code, 0);
  assert.match(lines[0] ?? "", /^\S+Z {2}INFO First event=first$/);
  assert.match(lines.at(-1) ?? "", /^\S+Z {2}INFO Last event=last$/);
  const ids = lines.slice(1, -1).map((line) => / \[start\] .* id=(\d+) /.exec(line)?.[1]);
  assert.deepEqual(ids, [...Array(1000).keys()].map(String));
});

Deno.test("openLogs() survives that standard output is closed", async () => {
  const child = spawn([], "text", "60000").spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal((await child.status).code, 0);
  assert.equal(stderr, "");
});

Deno.test("openLogs() ends in bounded time when nobody reads standard output", async () => {
  const child = spawn([], "text", "60000").spawn();
  const stderr = await new Response(child.stderr).text();
  const { success } = await child.status;
  await child.stdout.cancel();
  assert.equal(stderr, "");
  assert.ok(success);
});

Deno.test("openLogs() makes the directory and both files, without a trace of colour", async () => {
  await using dir = await TempDir.make();
  const logDir = `${dir.path}/a/b`;
  const { code, stdout, stderr } = await spawn(
    [`--allow-write=${dir.path}`],
    "json",
    "2",
    logDir,
  ).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(code, 0);
  assert.equal(stdout.length, 0);
  const access = (await Deno.readTextFile(`${logDir}/access.log`)).trimEnd().split("\n");
  assert.deepEqual(access.map((line) => JSON.parse(line).id), [0, 1]);
  assert.match(
    await Deno.readTextFile(`${logDir}/rpxy-l4.log`),
    /^\S+Z {2}INFO First event=first\n\S+Z {2}INFO Last event=last\n$/,
  );
});

Deno.test("openLogs() says which flag is missing", async () => {
  await using dir = await TempDir.make();
  const { code, stderr } = await spawn([], "text", "1", `${dir.path}/logs`).output();
  assert.equal(code, 1);
  assert.equal(
    new TextDecoder().decode(stderr),
    `Cannot write log files in "${dir.path}/logs": not permitted; start with --allow-write=${dir.path}/logs\n`,
  );
});

Deno.test("openLogs() says why the directory or a file cannot be used", async () => {
  await using dir = await TempDir.make();
  const options = { level: "info", format: "text" } as const;
  const file = await dir.write("file", "");
  await assert.rejects(openLogs({ ...options, logDir: file }), {
    name: "LogDirectoryError",
    message: /^Cannot create log directory ".*": File exists \(os error 17\)/,
  });
  await Deno.mkdir(`${dir.path}/logs/access.log`, { recursive: true });
  await assert.rejects(openLogs({ ...options, logDir: `${dir.path}/logs` }), {
    name: "LogDirectoryError",
    message: /^Cannot write log file ".*\/access\.log": Is a directory/,
  });
});

Deno.test("reopen() lets go of both files", async () => {
  await using dir = await TempDir.make();
  await using logs = await openLogs({ logDir: dir.path, level: "info", format: "text" });
  logs.log.info("a", "one");
  logs.access.started(flowRecord());
  await logs.flush();
  for (const name of ["access.log", "rpxy-l4.log"]) {
    await Deno.rename(`${dir.path}/${name}`, `${dir.path}/${name}.1`);
  }
  logs.reopen();
  await logs.flush();
  assert.equal(await Deno.readTextFile(`${dir.path}/access.log`), "");
  logs.access.setFormat("json");
  logs.access.finished(flowRecord(), flowEnd());
  logs.log.info("b", "two");
  await logs.flush();
  assert.match(await Deno.readTextFile(`${dir.path}/access.log`), /^\{"time":.*\}\n$/);
  assert.match(await Deno.readTextFile(`${dir.path}/access.log.1`), /^\S+ \[start\] .*\n$/);
  assert.match(await Deno.readTextFile(`${dir.path}/rpxy-l4.log`), /^\S+ {2}INFO two event=b\n$/);
  assert.match(await Deno.readTextFile(`${dir.path}/rpxy-l4.log.1`), / INFO one event=a\n$/);
  assert.equal(logs.dropped, 0);
});

/** The command of a process that only logs; see log_process.ts. */
function spawn(permissions: readonly string[], ...args: readonly string[]): Deno.Command {
  const script = new URL("../../support/log_process.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net", "--allow-read", ...permissions, script, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}
