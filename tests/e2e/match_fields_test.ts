/**
 * Services that are chosen by more than names, with real clients.
 *
 * @module
 */

import assert from "node:assert/strict";
import { httpBackend } from "../../src/cli/demo/backends.ts";
import { EchoServer } from "../support/echo_server.ts";
import { needs } from "../support/needs.ts";
import { run } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";

needs("openssl")(
  "a TLS client goes by its version, and the access log has its fingerprint",
  async () => {
    await using backend = new EchoServer();
    await using proxy = await startProxy({
      config: `log_ja4 = true
[protocols.other]
protocol = "tls"
target = ["${backend.address}"]
[protocols.old]
protocol = "tls"
versions = ["TLS 1.2"]
target = ["${backend.address}"]
`,
    });
    const connect = (version: string) =>
      run("openssl", ["s_client", version, "-connect", `127.0.0.1:${proxy.port}`]);
    await connect("-tls1_2");
    await proxy.waitForFinish(/ service=old .*\bja4=t12i[0-9]{4}00_[0-9a-f]{12}_[0-9a-f]{12} /);
    await connect("-tls1_3");
    await proxy.waitForFinish(/ service=other .*\bja4=t13i[0-9]{4}00_[0-9a-f]{12}_[0-9a-f]{12} /);
  },
);

needs("curl")(
  "a client goes by its address, that of the PROXY header where one is sent",
  async () => {
    await using inner = httpBackend("inner");
    await using outer = httpBackend("outer");
    await using proxy = await startProxy({
      config: `tcp_recv_proxy_protocol = true
tcp_trusted_proxies = ["127.0.0.1"]
[protocols.outer]
protocol = "http"
target = ["${outer.address}"]
[protocols.inner]
protocol = "http"
sources = ["10.0.0.0/8"]
target = ["${inner.address}"]
`,
    });
    const get = async (client: string) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
      const request = `PROXY TCP4 ${client} 127.0.0.1 5000 80\r\n` +
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
      await connection.write(new TextEncoder().encode(request));
      return (await new Response(connection.readable).text()).split("\r\n\r\n")[1];
    };
    assert.equal(await get("10.1.2.3"), "inner\n");
    assert.equal(await get("192.0.2.1"), "outer\n");
  },
);

Deno.test("a connection goes by a pattern for its first bytes, however they come", async () => {
  await using backend = new EchoServer();
  await using proxy = await startProxy({
    config: `[protocols.mine]
protocol = "regex"
patterns = ['(?i:hello) [0-9]{3}']
target = ["${backend.address}"]
`,
  });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  client.setNoDelay(true);
  const text = "HeLLo 123 and more";
  for (const character of text) await client.write(new TextEncoder().encode(character));
  const echoed = new Uint8Array(text.length);
  for (let got = 0; got < echoed.length;) {
    got += await client.read(echoed.subarray(got)) ?? Infinity;
  }
  assert.equal(new TextDecoder().decode(echoed), text);

  using other = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await other.write(new TextEncoder().encode("help"));
  assert.equal(await other.read(new Uint8Array(1)), null);
  await proxy.waitForFinish(/reason=dropped/);
});
