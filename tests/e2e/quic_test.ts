import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { quicEcho } from "../../src/cli/demo/backends.ts";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { startProxy } from "../support/proxy_process.ts";

const NAMES = ["one.test", "two.test"] as const;

Deno.test("QUIC connections are told apart by server name and carry megabytes", async () => {
  const [first, second] = NAMES.map((name) => selfSignedCertificate([name], Date.now()));
  assert.ok(first && second);
  await using one = quicEcho(first, "echo");
  await using two = quicEcho(second, "echo");
  await using proxy = await startProxy({
    config: [quicService("one", one.address), quicService("two", two.address)].join("\n"),
  });
  const digests = await Promise.all([
    echo(proxy.port, "one.test", first.cert),
    echo(proxy.port, "two.test", second.cert),
  ]);
  assert.deepEqual(digests, ["same", "same"]);
  for (const name of ["one", "two"]) {
    await proxy.process.waitForLine(
      new RegExp(`\\[start\\] udp:quic: .*service=${name} sni=${name}\\.test alpn=echo`),
    );
  }
});

Deno.test("a QUIC client with an unknown name is not answered", async () => {
  const certificate = selfSignedCertificate(["one.test"], Date.now());
  await using one = quicEcho(certificate, "echo");
  await using proxy = await startProxy({ config: quicService("one", one.address) });
  // A client whose name nobody serves would try for long: the dropped flow's record ends the wait.
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const refused = assert.rejects(async () =>
    await Deno.connectQuic({
      hostname: "127.0.0.1",
      port: proxy.port,
      endpoint,
      serverName: "other.test",
      alpnProtocols: ["echo"],
      caCerts: [certificate.cert],
      maxIdleTimeout: 2_000,
    })
  );
  await proxy.waitForFinish(/sni=other\.test .*reason=dropped/);
  endpoint.close();
  await refused;
});

const quicService = (name: string, address: string) =>
  `[protocols.${name}]
  protocol = "quic"
  server_names = ["${name}.test"]
  target = ["${address}"]
  `;

/** Sends 4 MB over a stream and compares what comes back. */
async function echo(port: number, serverName: string, trusted: string): Promise<string> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  try {
    const conn = await Deno.connectQuic({
      hostname: "127.0.0.1",
      port,
      endpoint,
      serverName,
      alpnProtocols: ["echo"],
      caCerts: [trusted],
    });
    const stream = await conn.createBidirectionalStream();
    const body = new Uint8Array(4_000_000).map((_, index) => index * 13 + (index >> 9));
    const [, received] = await Promise.all([
      new Blob([body]).stream().pipeTo(stream.writable),
      new Response(stream.readable).bytes(),
    ]);
    conn.close();
    return sha256(received) === sha256(body) ? "same" : `${received.length} other bytes`;
  } finally {
    endpoint.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
