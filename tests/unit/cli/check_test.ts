import assert from "node:assert/strict";
import { check } from "../../../src/cli/check.ts";

/** What the command says of a file with this text; null = no such file. */
async function run(text: string | null): Promise<{ code: number; out: string; err: string }> {
  const directory = await Deno.makeTempDir();
  try {
    const config = `${directory}/config.toml`;
    if (text !== null) await Deno.writeTextFile(config, text);
    const said = { out: "", err: "" };
    const code = await check(
      { config, colour: false },
      (piece) => said.out += piece,
      (piece) => said.err += piece,
    );
    return { code, out: said.out, err: said.err.replaceAll(directory, "DIR") };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("check() prints the routes of a valid file and returns 0", async () => {
  const { code, out, err } = await run('listen_port = 8448\ntcp_target = ["10.0.0.1:80"]\n');
  assert.equal(code, 0);
  assert.equal(err, "");
  assert.match(out, /^Listeners\n {2}tcp 0\.0\.0\.0:8448\n\nEngine\n.*\n\nTCP\n/);
});

Deno.test("check() shows warnings beside the routes and returns 0", async () => {
  const { code, out, err } = await run(
    'listen_port = 8448\ntcp_target = ["10.0.0.1:80"]\nudp_load_balance = "random"\n',
  );
  assert.equal(code, 0);
  assert.match(
    err,
    /^DIR\/config\.toml:3:1: warning: .*\n3 \| udp_load_balance = "random"\n {2}\| \^+\n$/,
  );
  assert.match(out, /^Listeners\n/);
});

Deno.test("check() shows each problem with a caret and returns 1", async () => {
  const { code, out, err } = await run('listen_port = 0\ntcp_target = ["10.0.0.1"]\n');
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /^DIR\/config\.toml:1:15: error: .*\n1 \| listen_port = 0\n {2}\| {15}\^$/m);
  assert.match(err, /^DIR\/config\.toml:2:15: error: "10\.0\.0\.1" has no port$/m);
});

Deno.test("check() says why a file cannot be read and returns 2", async () => {
  const { code, out, err } = await run(null);
  assert.deepEqual({ code, out, err }, {
    code: 2,
    out: "",
    err: 'Cannot read "DIR/config.toml": no such file\n',
  });
});

Deno.test("check() never shows key material, not even of a file that is not TOML", async () => {
  for (
    const text of [
      '[protocols.a.ech]\nprivate_keys = [\n  "c2VjcmV0",\n',
      '[protocols.a.ech]\nprivate_keys = ["c2VjcmV0]',
      'x.private_keys = "c2VjcmV0"',
    ]
  ) {
    const { code, err } = await run(text);
    assert.equal(code, 1);
    assert.doesNotMatch(err, /c2VjcmV0/);
  }
});
