/**
 * The `ech` commands as a person uses them, with no more permissions than they need, before a real name server and other
 * programs' TLS.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Bind, startBind } from "../support/bind.ts";
import { runMain } from "../support/main_process.ts";
import { needs } from "../support/needs.ts";
import { findProgram, runOk } from "../support/programs.ts";
import { TempDir } from "../support/temp_dir.ts";

const GENERATE = ["ech", "generate", "--public-name", "edge.test", "--name", "wiki.test"];

/** A line of a zone file as the commands print it, without the zone's own name. */
function zoneLine(printed: string, owner: string): string {
  const line = printed.split("\n").find((line) => line.startsWith(`${owner}. `));
  assert(line !== undefined, `${owner} in ${printed}`);
  return line;
}

/** Makes a key and a configuration with it; returns what was printed. */
async function setUp(dir: TempDir, port: number): Promise<{ config: string; printed: string }> {
  const permissions = ["--allow-net", "--allow-read", `--allow-write=${dir.path}`];
  const { code, stdout, stderr } = await runMain(
    [...GENERATE, "--out", dir.path, "--config-id", "7", "--port", `${port}`],
    { permissions },
  );
  assert.equal(code, 0, stderr);
  const config = await dir.write(
    "config.toml",
    `listen_port = ${port}
[protocols.edge]
protocol = "tls"
server_names = ["edge.test"]
target = ["127.0.0.1:1"]
[protocols.edge.ech]
key_files = ["ech-7.pem"]
private_server_names = ["wiki.test:444"]
`,
  );
  return { config, printed: stdout };
}

Deno.test("ech generate works with what the base job is granted, and says what it lacks", async () => {
  const printed = await runMain(GENERATE);
  assert.deepEqual([printed.code, printed.stderr], [0, ""]);
  assert.match(printed.stdout, /^-----BEGIN PRIVATE KEY-----$/m);

  await using dir = await TempDir.make();
  const refused = await runMain([...GENERATE, "--out", dir.path]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    new RegExp(`: not permitted: it needs --allow-write=${dir.path}\n$`),
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(dir.path)), []);

  const nothing = await runMain(GENERATE, { permissions: [] });
  assert.deepEqual([nothing.code, nothing.stderr], [0, ""]);
});

Deno.test("ech ends with 2 when the command line makes no sense", async () => {
  await using dir = await TempDir.make();
  const { config } = await setUp(dir, 443);
  for (
    const words of [
      "ech",
      "ech generate",
      "ech show",
      `ech check --config ${config} --resolver dns.test`,
      `ech rotate --config ${config} --service other`,
      `ech rotate --config ${config} --config-id 7`,
    ]
  ) {
    const { code, stderr } = await runMain(words.split(" "));
    assert.equal(code, 2, words);
    assert.match(stderr, /Try "rpxy-l4 --help"\n$/);
  }
});

Deno.test("ech show reads what ech generate prints", async () => {
  const { stdout } = await runMain(GENERATE);
  const shown = await runMain(["ech", "show", "-"], { stdin: stdout, permissions: [] });
  assert.deepEqual([shown.code, shown.stderr], [0, ""]);
  assert.match(shown.stdout, /^public_name +edge\.test$/m);
  assert.match(shown.stdout, /^private key +fits$/m);
  const broken = await runMain(["ech", "show", "AAAA"], { permissions: [] });
  assert.equal(broken.code, 1);
});

needs("openssl")("openssl reads the keys that ech generate writes", async () => {
  await using dir = await TempDir.make();
  for (const [kem, name] of [["x25519", "X25519"], ["p256", "NIST CURVE: P-256"]]) {
    const { stdout } = await runMain([...GENERATE, "--kem", `${kem}`]);
    const path = await dir.write(`${kem}.pem`, stdout, 0o600);
    const text = await runOk("openssl", ["pkey", "-in", path, "-noout", "-text"]);
    assert(text.includes(`${name}`), text);
  }
});

needs(hasGo(1, 24) ? "go" : "Go 1.24")(
  "crypto/tls of Go takes keys and lists of ech generate",
  async () => {
    await using dir = await TempDir.make();
    const source = new URL("../support/go/ech_handshake.go", import.meta.url).pathname;
    const program = `${dir.path}/ech_handshake`;
    await runOk("go", ["build", "-o", program, source], { timeoutMs: 300_000 });
    for (const kem of ["x25519", "p256"]) {
      const { stdout } = await runMain([...GENERATE, "--kem", kem]);
      const path = await dir.write(`${kem}.pem`, stdout, 0o600);
      assert.equal(
        await runOk(program, [path, "wiki.test"]),
        "client accepted=true\nserver accepted=true name=wiki.test\n",
      );
    }
  },
);

needs("named")("ech check finds what was published as ech generate prints it", async () => {
  for (const [port, owner] of [[443, "wiki.test"], [8443, "_8443._https.wiki.test"]] as const) {
    await using own = await TempDir.make();
    const { config, printed } = await setUp(own, port);
    await using server = await startBind(zoneLine(printed, owner), "wiki A 192.0.2.1");
    const asked = [
      { resolver: `127.0.0.1:${server.port}`, flags: plainPermissions(own, server) },
      {
        resolver: server.url,
        flags: [
          `--allow-net=${new URL(server.url).host}`,
          `--allow-read=${own.path}`,
          `--cert=${server.certPath}`,
        ],
      },
    ];
    for (const { resolver, flags } of asked) {
      const { code, stdout, stderr } = await runMain(
        ["ech", "check", "--config", config, "--resolver", resolver],
        { permissions: flags },
      );
      assert.deepEqual([code, stderr], [0, ""], stdout);
      assert(
        stdout.split("\n").some((line) => line.startsWith(owner) && line.endsWith("  match")),
        stdout,
      );
      assert.equal(stdout.includes("in the clear"), resolver !== server.url);
    }
  }
});

needs("named")("ech check asks again over TCP for what does not fit a datagram", async () => {
  await using dir = await TempDir.make();
  const { config, printed } = await setUp(dir, 443);
  const line = zoneLine(printed, "wiki.test");
  const hints = Array.from({ length: 120 }, (_, index) => `2001:db8::${(index + 1).toString(16)}`);
  await using server = await startBind(`${line} ipv6hint=${hints.join(",")}`);
  const { code, stdout } = await runMain(
    ["ech", "check", "--config", config, "--resolver", `127.0.0.1:${server.port}`],
    { permissions: plainPermissions(dir, server) },
  );
  assert.equal(code, 0, stdout);
  assert(stdout.includes(`2001:db8::1, `) && stdout.includes("2001:db8::78\n"), stdout);
});

needs("named")(
  "ech check follows aliases, and fails where clients would be turned away",
  async () => {
    await using dir = await TempDir.make();
    const { config, printed } = await setUp(dir, 443);
    const { stdout: other } = await runMain([...GENERATE, "--config-id", "9"]);
    const [good, stale] = [printed, other].map((text) =>
      zoneLine(text, "wiki.test").replace("wiki.test.", "pool.test.")
    );
    const checked = async (...records: string[]) => {
      await using server = await startBind(...records);
      return await runMain(
        ["ech", "check", "--config", config, "--resolver", `127.0.0.1:${server.port}`],
        { permissions: plainPermissions(dir, server) },
      );
    };
    for (const alias of ["wiki 60 HTTPS 0 pool.test.", "wiki 60 CNAME pool"]) {
      const { code, stdout } = await checked(alias, `${good}`);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^wiki\.test +private +60s /m);
      assert.match(stdout, /^ +wiki\.test: its record is that of pool\.test$/m);
    }
    const rejected = await checked("wiki HTTPS 0 pool.test.", `${stale}`);
    assert.equal(rejected.code, 1);
    assert.match(rejected.stdout, /^! wiki\.test: key 9 for edge\.test is not held/m);
    const missing = await checked();
    assert.equal(missing.code, 1);
    assert.match(
      missing.stdout,
      /^! wiki\.test: no such name: clients send this name in the clear$/m,
    );
    assert.equal((await checked("wiki A 192.0.2.1")).code, 1);
  },
);

needs("named")(
  "ech rotate leads from one key to the next, and ech check sees each step",
  async () => {
    await using dir = await TempDir.make();
    const { config, printed } = await setUp(dir, 443);
    const before = await Deno.readTextFile(config);
    await using server = await startBind(zoneLine(printed, "wiki.test"));
    const rotated = await runMain(
      [
        ...["ech", "rotate", "--config", config, "--out", dir.path, "--config-id", "8"],
        ...["--resolver", `127.0.0.1:${server.port}`],
      ],
      { permissions: [...plainPermissions(dir, server), `--allow-write=${dir.path}`] },
    );
    assert.equal(rotated.code, 0, rotated.stderr);
    assert.match(rotated.stdout, /time to live is 5 min \(asked of 127\.0\.0\.1:\d+\)/);
    const [now = "", later = ""] = [
      ...rotated.stdout.matchAll(/^key_files = .*\n(?:retired_config_ids = .*\n)?/gm),
    ]
      .map(([lines]) => lines);
    await using published = await startBind(zoneLine(rotated.stdout, "wiki.test"));

    const check = async (keyFiles: string, { port }: Bind) => {
      await Deno.writeTextFile(config, before.replace(/^key_files = .*\n/m, keyFiles));
      const flags = plainPermissions(dir, { port });
      return await runMain(
        ["ech", "check", "--config", config, "--resolver", `127.0.0.1:${port}`],
        {
          permissions: flags,
        },
      );
    };
    const deployed = await check(now, server);
    assert.equal(deployed.code, 0, deployed.stdout);
    assert.match(deployed.stdout, /key 8 for edge\.test is in no record that was looked up/);
    const changed = await check(now, published);
    assert.equal(changed.code, 0, changed.stdout);
    assert.match(changed.stdout, /key 7 for edge\.test is in no record that was looked up/);
    assert.equal((await check(later, published)).code, 0);
    const early = await check(later, server);
    assert.equal(early.code, 1);
    assert.match(early.stdout, /key 7 for edge\.test is retired: clients would be rejected/);
  },
);

Deno.test("ech check says which permission it lacks", async () => {
  await using dir = await TempDir.make();
  const { config } = await setUp(dir, 443);
  const offline = await runMain(["ech", "check", "--config", config, "--resolver", "127.0.0.1"], {
    permissions: ["--allow-read"],
  });
  assert.equal(offline.code, 1);
  assert.match(
    offline.stdout,
    /^! wiki\.test: Cannot ask "127\.0\.0\.1:53": not permitted by --allow-net$/m,
  );
  const noSystem = await runMain(["ech", "check", "--config", config], {
    permissions: ["--allow-net", `--allow-read=${dir.path}`],
  });
  assert.equal(noSystem.code, 1);
  assert.match(
    noSystem.stderr,
    /^Cannot read "\/etc\/resolv\.conf": not permitted by --allow-read$/m,
  );
});

/** What `ech check` needs to ask over UDP and TCP. */
function plainPermissions(dir: TempDir, { port }: Pick<Bind, "port">): string[] {
  return [`--allow-net=127.0.0.1:${port},0.0.0.0:0`, `--allow-read=${dir.path}`];
}

/** Whether Go is there, and new enough: ECH came to its servers with 1.24. */
function hasGo(major: number, minor: number): boolean {
  const path = findProgram("go");
  if (path === null) return false;
  const { stdout } = new Deno.Command(path, { args: ["version"] }).outputSync();
  const version = /go(\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout))?.slice(1).map(Number) ??
    [];
  const [ownMajor = 0, ownMinor = 0] = version;
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
