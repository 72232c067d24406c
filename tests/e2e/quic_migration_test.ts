import assert from "node:assert/strict";
import { quicEcho } from "../../src/cli/demo/backends.ts";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { startProxy } from "../support/proxy_process.ts";
import { RebindingNat } from "../support/rebinding_nat.ts";

Deno.test("a QUIC connection goes on when the client's NAT gives it another port", async () => {
  const certificate = selfSignedCertificate(["one.test"], Date.now());
  await using server = quicEcho(certificate, "echo");
  await using proxy = await startProxy({
    config: `[protocols.one]
      protocol = "quic"
      server_names = ["one.test"]
      target = ["${server.address}"]
    `,
  });
  await using nat = new RebindingNat(proxy.port);
  using stack = new DisposableStack();
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  stack.defer(() => endpoint.close());
  const conn = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port: nat.port,
    endpoint,
    serverName: "one.test",
    alpnProtocols: ["echo"],
    caCerts: [certificate.cert],
  });
  const stream = await conn.createBidirectionalStream();
  const [writer, reader] = [stream.writable.getWriter(), stream.readable.getReader()];
  const echo = async (text: string) => {
    await writer.write(new TextEncoder().encode(text));
    const decoder = new TextDecoder();
    let answer = "";
    while (answer.length < text.length) {
      const { value, done } = await reader.read();
      if (done) break;
      answer += decoder.decode(value, { stream: true });
    }
    assert.equal(answer, text);
  };

  await echo("before");
  const before = nat.mappedPort;
  nat.rebind();
  await echo("after ".repeat(50_000));

  for (const port of [before, nat.mappedPort]) {
    await proxy.process.waitForLine(
      new RegExp(`\\[start\\] udp:quic: .*127\\.0\\.0\\.1:${port}\\b.*service=one`),
    );
  }
  conn.close();
});
