import assert from "node:assert/strict";
import { greeter, httpBackend, udpEcho } from "../../src/cli/demo/backends.ts";
import { readLine } from "../../src/cli/demo/conn_io.ts";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { needs } from "../support/needs.ts";
import { run, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { SmtpServer } from "../support/smtp_server.ts";
import { TempDir } from "../support/temp_dir.ts";

needs("nc")("nc gets its answer after it has closed its half of the connection", async () => {
  using target = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using conn = await target.accept();
    let count = 0;
    const buffer = new Uint8Array(64 * 1024);
    for (let read; (read = await conn.read(buffer)) !== null;) count += read;
    await conn.write(new TextEncoder().encode(`${count} bytes\n`));
  })();
  await using proxy = await startProxy({
    config: `tcp_target = ["127.0.0.1:${target.addr.port}"]\n`,
  });
  const output = await runOk("nc", ["-N", "127.0.0.1", `${proxy.port}`], {
    stdin: "x".repeat(1_000_000),
  });
  assert.equal(output, "1000000 bytes\n");
  await served;
});

needs("curl")(
  "curl sends mail through a server that greets first, with TLS on the same port",
  async () => {
    const certificate = selfSignedCertificate(["www.test"], Date.now());
    await using mail = new SmtpServer();
    await using web = httpBackend("beside the mail", certificate);
    await using dir = await TempDir.make();
    const certPath = await dir.write("cert.pem", certificate.cert);
    await using proxy = await startProxy({
      config: `tcp_target = ["${mail.address}"]
      [protocols.web]
      protocol = "tls"
      target = ["${web.address}"]
    `,
    });
    await runOk("curl", [
      ...["-sS", "--mail-from", "from@a.test", "--mail-rcpt", "to@b.test"],
      ...["--upload-file", "-", `smtp://127.0.0.1:${proxy.port}/client.test`],
    ], { stdin: "Subject: greeting\r\n\r\nHello\r\n" });
    assert.match(mail.messages[0] ?? "", /^Subject: greeting\n\nHello$/m);

    const body = await runOk("curl", [
      ...["-sS", "--cacert", certPath, "--connect-to", `::127.0.0.1:${proxy.port}`],
      "https://www.test/",
    ]);
    assert.equal(body, "beside the mail\n");
    await proxy.waitForFinish(/service=default/);
    await proxy.waitForFinish(/service=web/);
  },
);

Deno.test("a client that says nothing is greeted, and one that spells out nonsense is not cut", async () => {
  await using mail = greeter("220 ready");
  await using proxy = await startProxy({
    // Both waits pass while the client below is still spelling.
    config: `tcp_target = ["${mail.address}"]
      server_first_delay = "5s"
      probe_timeout = "1s"
      [protocols.web]
      protocol = "http"
      target = ["${mail.address}"]
    `,
  });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  for (const byte of new TextEncoder().encode("PUTTERING\r\n")) {
    await client.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.equal(await readLine(client), "220 ready");
  assert.equal(await readLine(client), "221 Bye");
  client.close();
  await proxy.waitForFinish(/service=default/);
});

needs("nc")(
  "datagrams of no known protocol go to the default target, each client its own way",
  async () => {
    await using echo = udpEcho();
    await using proxy = await startProxy({ config: `udp_target = ["${echo.address}"]\n` });
    const outputs = await Promise.all(["one", "two", "three"].map((text) =>
      // nc waits a second for more, and ends.
      run("nc", ["-u", "-w", "1", "127.0.0.1", `${proxy.port}`], { stdin: text })
    ));
    assert.deepEqual(outputs.map(({ stdout }) => stdout), ["one", "two", "three"]);
  },
);
