import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { httpBackend } from "../../src/cli/demo/backends.ts";
import { needs } from "../support/needs.ts";
import { runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { TempDir } from "../support/temp_dir.ts";

const test = needs("curl");

test("curl speaks HTTP/1.1 and h2c through the http service", async () => {
  await using web = httpBackend("from the web");
  await using proxy = await startProxy({ config: httpOnly(web.address) });
  for (const [option, version] of [["--http1.1", "1.1"], ["--http2-prior-knowledge", "2"]]) {
    const output = await runOk("curl", [
      ...["-sS", option ?? "", "--write-out", "%{http_version}"],
      `http://127.0.0.1:${proxy.port}/`,
    ]);
    assert.equal(output, `from the web\n${version}`);
  }
  const line = await proxy.waitForFinish(/service=web .*reason=done/, 2);
  assert.match(line, / tcp:http: 127\.0\.0\.1:\d+ -> /);
});

test("curl gets back the 20 MB that it sends", async () => {
  const body = new Uint8Array(20_000_000).map((_, index) => index * 7 + (index >> 12));
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => new Response(request.body),
  );
  await using dir = await TempDir.make();
  const sent = await dir.write("sent", body);
  await using proxy = await startProxy({ config: httpOnly(`127.0.0.1:${server.addr.port}`) });
  const received = `${dir.path}/received`;
  await runOk("curl", [
    ...["-sS", "--http1.1", "--data-binary", `@${sent}`, "--output", received],
    `http://127.0.0.1:${proxy.port}/`,
  ]);
  assert.equal(sha256(await Deno.readFile(received)), sha256(body));
});

test("a target is found by its name", async () => {
  await using web = httpBackend("by name");
  await using proxy = await startProxy({
    config: httpOnly(web.address.replace("127.0.0.1", "localhost")),
  });
  assert.equal(await runOk("curl", ["-sS", `http://127.0.0.1:${proxy.port}/`]), "by name\n");
  assert.match(await proxy.waitForFinish(/service=web/), / target=localhost:\d+ /);
});

test("a target that refuses is passed over before curl notices", async () => {
  await using web = httpBackend("the second");
  const refusing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refused = `127.0.0.1:${refusing.addr.port}`;
  refusing.close();
  await using proxy = await startProxy({
    config: `[protocols.web]\nprotocol = "http"\ntarget = ["${refused}", "${web.address}"]\n`,
  });
  assert.equal(await runOk("curl", ["-sS", `http://127.0.0.1:${proxy.port}/`]), "the second\n");
});

Deno.test("a client that sends a byte every 200 ms is served", async () => {
  await using web = httpBackend("at last");
  await using proxy = await startProxy({
    config: `probe_timeout = "30s"\n${httpOnly(web.address)}`,
  });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  const request = new TextEncoder().encode(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  // Slowly beyond the request line: whatever is needed to recognise it has then come byte by byte.
  for (let index = 0; index < 20; index++) {
    await client.write(request.subarray(index, index + 1));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await client.write(request.subarray(20));
  const answer = await new Response(client.readable).text();
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*at last\n/);
});

const httpOnly = (target: string) => `[protocols.web]\nprotocol = "http"\ntarget = ["${target}"]\n`;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
