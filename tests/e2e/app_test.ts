/**
 * The service as a process: how it starts, ends and fails, and what it needs permission for.
 */
import assert from "node:assert/strict";
import { udpEcho } from "../../src/cli/demo/backends.ts";
import { readLine, writeText } from "../../src/cli/demo/conn_io.ts";
import { EchoServer } from "../support/echo_server.ts";
import { freePort } from "../support/free_port.ts";
import {
  BASE_PERMISSIONS,
  denoArguments,
  runMain,
  startMain,
  startService,
} from "../support/main_process.ts";
import { needs } from "../support/needs.ts";
import { findProgram, RunningProgram } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";
import { UdpClient } from "../support/udp_client.ts";

/** Gives a drain more time than any test takes. */
const PATIENT = `drain_timeout = "60s"\n`;

const connect = (port: number, hostname = "127.0.0.1") => Deno.connect({ hostname, port });

async function echoes(conn: Deno.Conn, text: string): Promise<boolean> {
  await writeText(conn, `${text}\n`);
  return await readLine(conn) === text;
}

Deno.test("SIGTERM lets a connection end by itself, takes no new ones, and the service ends with 0", async () => {
  await using backend = new EchoServer();
  await using proxy = await startProxy({
    config: `${PATIENT}tcp_target = ["${backend.address}"]\n`,
  });
  const conn = await connect(proxy.port);
  assert(await echoes(conn, "before"));
  proxy.process.kill("SIGTERM");
  await proxy.process.waitForLine(/event=draining tcp=1 /);
  await assert.rejects(connect(proxy.port), Deno.errors.ConnectionRefused);
  assert(await echoes(conn, "while draining"));
  conn.close();
  const { code, signal } = await proxy.process.ended;
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  await proxy.process.waitForLine(/event=stopped finished=1 cut=0/);
});

Deno.test("SIGINT cuts what is left after drain_timeout, and the service ends with 0", async () => {
  await using backend = new EchoServer();
  await using proxy = await startProxy({
    config: `tcp_target = ["${backend.address}"]\ndrain_timeout = "1s"\n`,
  });
  using conn = await connect(proxy.port);
  assert(await echoes(conn, "hello"));
  proxy.process.kill("SIGINT");
  assert.equal((await proxy.process.ended).code, 0);
  await proxy.process.waitForLine(/\[finish\] .*reason=drained/);
  await proxy.process.waitForLine(/event=stopped finished=0 cut=1/);
});

for (const [second, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  Deno.test(`a second signal, ${second}, ends the service at once with ${code}`, async () => {
    await using backend = new EchoServer();
    await using proxy = await startProxy({
      config: `${PATIENT}tcp_target = ["${backend.address}"]\n`,
    });
    using conn = await connect(proxy.port);
    assert(await echoes(conn, "hello"));
    proxy.process.kill("SIGTERM");
    await proxy.process.waitForLine(/event=draining/);
    proxy.process.kill(second);
    assert.equal((await proxy.process.ended).code, code);
  });
}

Deno.test("SIGHUP opens log files again that were renamed", async () => {
  await using backend = new EchoServer();
  await using dir = await TempDir.make();
  const port = freePort();
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}\ntcp_target = ["${backend.address}"]\n`,
  );
  const logs = `${dir.path}/logs`;
  await Deno.mkdir(logs);
  const permissions = [...BASE_PERMISSIONS, `--allow-write=${logs}`];
  await using service = startMain(["--config", config, "--log-dir", logs], permissions);
  const lineIn = (file: string, pattern: RegExp) => waitForLineIn(`${logs}/${file}`, pattern);
  await lineIn("rpxy-l4.log", /event=started/);
  const visit = async (word: string) => {
    using conn = await connect(port);
    assert(await echoes(conn, word));
  };
  await visit("first");
  await lineIn("access.log", /\[finish\] .* id=1 .*reason=done/);

  await Deno.rename(`${logs}/access.log`, `${logs}/access.log.1`);
  await Deno.rename(`${logs}/rpxy-l4.log`, `${logs}/rpxy-l4.log.1`);
  service.kill("SIGHUP");
  await lineIn("rpxy-l4.log", /event=reload_unchanged/);
  await visit("second");
  await lineIn("access.log", /\[finish\] .* id=2 .*reason=done/);
  const old = await Deno.readTextFile(`${logs}/access.log.1`);
  assert.match(old, / id=1 /);
  assert.doesNotMatch(old, / id=2 /);
});

Deno.test("the base job uses no permission but net and read", async () => {
  await using backend = new EchoServer();
  await using echo = udpEcho();
  await using dir = await TempDir.make();
  const port = freePort();
  const config = (comment: string) =>
    dir.write(
      "config.toml",
      `# ${comment}\nlisten_port = ${port}\ndrain_timeout = "0s"\ntcp_target = ["${
        backend.address.replace("127.0.0.1", "localhost")
      }"]\nudp_target = ["${echo.address}"]\n`,
    );
  const audit = `${dir.path}/audit.jsonl`;
  const path = await config("first");
  {
    await using service = await startService(["--config", path], BASE_PERMISSIONS, {
      DENO_AUDIT_PERMISSIONS: audit,
    });
    using conn = await connect(port);
    assert(await echoes(conn, "hello"));
    using client = new UdpClient(port);
    assert.equal(await client.ask("hello"), "hello");
    await config("second");
    await service.waitForLine(/event=reloaded/);
    service.kill("SIGHUP");
    await service.waitForLine(/event=reload_unchanged/);
    service.kill("SIGTERM");
    assert.equal((await service.ended).code, 0);
  }
  const used = (await Deno.readTextFile(audit)).trim().split("\n")
    .map((line) => JSON.parse(line) as { permission: string; value: string })
    // Deno 2.9.6 also writes down "write" whenever a file is opened for reading, though it was not granted.
    .filter(({ permission, value }, index, all) =>
      permission !== "write" || all[index - 1]?.permission !== "read" ||
      all[index - 1]?.value !== value
    );
  assert.deepEqual([...new Set(used.map(({ permission }) => permission))].sort(), ["net", "read"]);
});

Deno.test("a TCP service works under the narrow flags that `permissions` prints", async () => {
  await using backend = new EchoServer();
  await using dir = await TempDir.make();
  const port = freePort();
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}\ntcp_target = ["${backend.address}"]\n`,
  );
  const logs = `${dir.path}/logs`;
  const args = ["--config", config, "--log-dir", logs];
  const permissions = await printedFlags(args);
  assert.deepEqual(permissions, [
    `--allow-net=0.0.0.0:${port},${backend.address}`,
    `--allow-read=${dir.path},${logs}`,
    `--allow-write=${logs}`,
  ]);

  await using _service = startMain(args, permissions);
  await waitForLineIn(`${logs}/rpxy-l4.log`, /event=started/);
  using conn = await connect(port);
  assert(await echoes(conn, "hello"));
  await Deno.writeTextFile(config, `# changed\n${await Deno.readTextFile(config)}`);
  await waitForLineIn(`${logs}/rpxy-l4.log`, /event=reloaded/);
  assert.doesNotMatch(await Deno.readTextFile(`${logs}/rpxy-l4.log`), /event=not_permitted/);
});

Deno.test("a UDP service with a named target works under the flags that `permissions` prints", async () => {
  await using echo = udpEcho();
  await using dir = await TempDir.make();
  const port = freePort();
  const target = echo.address.replace("127.0.0.1", "localhost");
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}\nudp_target = ["${target}"]\ndrain_timeout = "0s"\n`,
  );
  const permissions = await printedFlags(["--config", config]);
  const [net = "", read] = permissions;
  assert.match(net, /^--allow-net=0\.0\.0\.0\/0,\[::\]:0,.*\blocalhost$/);
  assert.equal(read, `--allow-read=${dir.path}`);
  await using _service = await startService(["--config", config], permissions);
  using client = new UdpClient(port);
  assert.equal(await client.ask("hello"), "hello");
});

needs("Linux")(
  "the native engine works under the narrow flags that `permissions` prints",
  async () => {
    await using echo = udpEcho();
    await using backend = new EchoServer();
    await using dir = await TempDir.make();
    const port = freePort();
    const config = await dir.write(
      "config.toml",
      `listen_port = ${port}\nengine = "native"\ndrain_timeout = "0s"\n` +
        `tcp_target = ["${backend.address}"]\nudp_target = ["${echo.address}"]\n`,
    );
    const [net, read, ffi, ...rest] = await printedFlags(["--config", config]);
    assert.equal(net, `--allow-net=0.0.0.0:${port},${backend.address},${echo.address}`);
    assert.match(read ?? "", new RegExp(`^--allow-read=${dir.path},/`));
    assert.match(ffi ?? "", /^--allow-ffi=\/.*\/lib[^/,]*$/);
    assert.deepEqual(rest, []);

    await using service = await startService(["--config", config], [`${net}`, `${read}`, `${ffi}`]);
    await service.waitForLine(/event=started .*engine=native/);
    using conn = await connect(port);
    assert(await echoes(conn, "hello"));
    using client = new UdpClient(port);
    assert.equal(await client.ask("hello"), "hello");
    assert.ok(!service.lines.some((line) => line.includes("event=not_permitted")));
  },
);

needs("Linux")("the native engine reaches no target that --allow-net does not list", async () => {
  await using backend = new EchoServer();
  await using dir = await TempDir.make();
  const port = freePort();
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}\nengine = "native"\ntcp_target = ["${backend.address}"]\n` +
      `[protocols.name]\nprotocol = "http"\ntarget = ["localhost:${
        backend.address.split(":")[1]
      }"]\n`,
  );
  await using service = await startService(["--config", config], [
    `--allow-net=0.0.0.0:${port},localhost`,
    "--allow-read",
    "--allow-ffi",
  ]);
  for (const text of ["\0hello", "GET / HTTP/1.1\r\n\r\n"]) {
    using conn = await connect(port);
    assert(!await echoes(conn, text));
  }
  await service.waitForLine(
    /\[finish\] .* service=default .* reason=connect_failed error=not_permitted$/,
  );
  await service.waitForLine(
    /\[finish\] .* service=name .* reason=connect_failed error=not_permitted$/,
  );
});

Deno.test("a target that Deno does not permit is named with the flag that is missing", async () => {
  await using dir = await TempDir.make();
  const port = freePort();
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}\ntcp_target = ["127.0.0.1:9"]\n`,
  );
  await using service = await startService(["--config", config], [
    `--allow-net=0.0.0.0:${port}`,
    "--allow-read",
  ]);
  await service.waitForLine(
    /WARN Cannot reach tcp target "127\.0\.0\.1:9": not permitted; add --allow-net=127\.0\.0\.1:9 /,
  );
});

Deno.test("what keeps the service from starting is told on standard error, with its exit code", async () => {
  await using dir = await TempDir.make();
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = taken.addr;
  const file = await dir.write(
    "taken.toml",
    `listen_port = ${port}\ntcp_target = ["127.0.0.1:9"]\n`,
  );
  const broken = await dir.write("broken.toml", `listen_port = 1\nlisten_prot = 2\n`);

  const inUse = await runMain(["--config", file]);
  assert.equal(inUse.code, 1);
  assert.match(
    inUse.stderr,
    new RegExp(`^Cannot listen on tcp "0\\.0\\.0\\.0:${port}": address already in use\n`, "m"),
  );

  const forbidden = await runMain(["--config", file], { permissions: ["--allow-read"] });
  assert.equal(forbidden.code, 1);
  assert.match(forbidden.stderr, /: not permitted by --allow-net\n/);

  const invalid = await runMain(["--config", broken]);
  assert.equal(invalid.code, 1);
  assert.match(invalid.stderr, /broken\.toml:2:1: error: .*"listen_prot"/);
  assert.match(invalid.stderr, /^2 \| listen_prot = 2\n {2}\| \^+$/m);

  const missing = await runMain(["--config", `${dir.path}/none.toml`]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^Cannot read ".*none\.toml": no such file$/m);

  const logs = await runMain(["--config", file, "--log-dir", `${dir.path}/logs`]);
  assert.equal(logs.code, 1);
  assert.match(logs.stderr, /--allow-write=/);
});

Deno.test("a command line that makes no sense ends with 2", async () => {
  const { code, stdout, stderr } = await runMain(["--confg", "x.toml"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    `Unknown option "--confg": did you mean "--config"?\nTry "rpxy-l4 --help"\n`,
  );
});

Deno.test("health tells whether the service of a configuration is there, by TCP and by UDP", async () => {
  await using echo = udpEcho();
  await using dir = await TempDir.make();
  for (const transport of ["tcp", "udp"]) {
    const config = await dir.write(
      `${transport}.toml`,
      `listen_port = ${freePort()}\n${transport}_target = ["${echo.address}"]\n`,
    );
    const health = () => runMain(["health", "--config", config]);
    assert.equal((await health()).code, 1);
    await using _service = await startService(["--config", config]);
    const { code, stdout } = await health();
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Healthy: ${transport} "0\\.0\\.0\\.0:\\d+" answers\n$`));
  }
});

Deno.test("explain answers each line as it comes, and says where flows go", async () => {
  await using dir = await TempDir.make();
  const config = await dir.write(
    "config.toml",
    `listen_port = 443\n[protocols.web]\nprotocol = "http"\ntarget = ["10.0.0.2:80"]\n` +
      `[protocols.site]\nprotocol = "tls"\nserver_names = ["a.test"]\ntarget = ["10.0.0.3:443"]\n`,
  );
  const hex = (text: string) => new TextEncoder().encode(text).toHex();
  const lines = [
    { id: 1, transport: "tcp", chunks: [hex("GET / "), hex("HTTP/1.1\r\n\r\n")] },
    { id: "two", transport: "tcp", chunks: [hex("SSH-2.0-x\r\n")] },
    { id: 3, transport: "sctp", chunks: [] },
  ];
  const stdin = lines.map((line) => JSON.stringify(line)).join("\n");
  const { code, stdout } = await runMain(["explain", "--config", config], { stdin });
  assert.equal(code, 0);
  const answers = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    answers.map(({ id, service, targets, verdict, route, error }) => [
      id,
      service,
      targets,
      verdict,
      route,
      error,
    ]),
    [
      [1, "web", ["10.0.0.2:80"], "match", "protocol", undefined],
      ["two", null, [], "no match", "no_fallback", undefined],
      [3, undefined, undefined, undefined, undefined, `"transport" must be "tcp" or "udp"`],
    ],
  );

  const told = await runMain(["explain", "--config", config, "--sni", "A.test", "--alpn", "h2"]);
  assert.equal(JSON.parse(told.stdout).service, "site");
});

needs("script")("explain tells a person on a terminal what it waits for", async () => {
  await using explain = RunningProgram.start(findProgram("script") ?? "", [
    ...["--quiet", "--flush", "--command"],
    [Deno.execPath(), ...denoArguments(["explain"])].join(" "),
    "/dev/null",
  ]);
  await explain.waitForLine(/^Reading flows, one JSON object a line, until Ctrl-D\./);
});

/** The flags in the first line that `permissions` prints. */
async function printedFlags(args: readonly string[]): Promise<string[]> {
  const { code, stdout } = await runMain(["permissions", ...args]);
  assert.equal(code, 0);
  const words = stdout.split("\n")[0]?.match(/'--allow-[^']*'|--allow-\S+/g) ?? [];
  return words.map((word) => word.replaceAll("'", ""));
}

/** With `--log-dir` the standard output stays empty: what is waited for is in the files. */
async function waitForLineIn(path: string, pattern: RegExp): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.split("\n").some((line) => pattern.test(line))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no line of ${path} fits ${pattern}:\n${await Deno.readTextFile(path)}`);
}
