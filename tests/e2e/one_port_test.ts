import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  httpBackend,
  quicEcho,
  socksServer,
  udpEcho,
  wireGuardResponder,
} from "../../src/cli/demo/backends.ts";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { quicRequest, udpRequest, wireGuardRequest } from "../../src/cli/demo/requests.ts";
import { freePort } from "../support/free_port.ts";
import { needs } from "../support/needs.ts";
import { startNginx } from "../support/nginx.ts";
import { run, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";
import { SmtpServer } from "../support/smtp_server.ts";
import { startSshd } from "../support/sshd.ts";
import { TempDir } from "../support/temp_dir.ts";

/** How often each client comes while all the others do. */
const ROUNDS = 5;

const test = needs("curl", "openssl", "nginx", "ssh", "sshd", "ssh-keygen", "root");

test("every protocol at once through one port, TCP and UDP", () => allAtOnce());

test("the bundle does so, too", async () => {
  await using dir = await TempDir.make();
  const bundle = `${dir.path}/rpxy-l4.js`;
  const main = new URL("../../main.ts", import.meta.url).pathname;
  await runOk(Deno.execPath(), [
    ...["bundle", "--frozen", "--platform", "deno", "--output", bundle, main],
  ]);
  await allAtOnce(bundle);
});

/** Starts backends of every kind, the proxy in front of them, and all clients at the same time. */
async function allAtOnce(bundle?: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const certificate = selfSignedCertificate(["www.test", "api.test", "q.test"], Date.now());
  const dir = stack.use(await TempDir.make());
  const certPath = await dir.write("cert.pem", certificate.cert);
  const [wwwPort, apiPort] = [freePort(), freePort()];
  stack.use(
    await startNginx(
      `ssl_certificate CERT;
        ssl_certificate_key KEY;
        server { listen 127.0.0.1:${wwwPort} ssl http2; location / { return 200 www; } }
        server { listen 127.0.0.1:${apiPort} ssl http2; location / { return 200 api; } }`,
      certificate,
    ),
  );
  const sshd = stack.use(await startSshd());
  const web = stack.use(httpBackend("plain"));
  const socks = stack.use(socksServer(web));
  const mail = stack.use(new SmtpServer());
  const quic = stack.use(quicEcho(certificate, "echo"));
  const wireGuard = stack.use(wireGuardResponder());
  const echo = stack.use(udpEcho());
  const service = (name: string, protocol: string, target: string, ...filter: string[]) =>
    [`[protocols.${name}]`, `protocol = "${protocol}"`, `target = ["${target}"]`, ...filter]
      .join("\n");
  const { port } = stack.use(
    await startProxy({
      bundle,
      config: [
        `tcp_target = ["${mail.address}"]\nudp_target = ["${echo.address}"]`,
        service("web", "http", web.address),
        service("www", "tls", `127.0.0.1:${wwwPort}`, 'server_names = ["www.test"]'),
        service("api", "tls", `127.0.0.1:${apiPort}`, 'server_names = ["api.test"]'),
        service("shell", "ssh", `127.0.0.1:${sshd.port}`),
        service("socks", "socks5", socks.address),
        service("quic", "quic", quic.address),
        service("tunnel", "wireguard", wireGuard.address),
      ].join("\n"),
    }),
  );

  const at = `127.0.0.1:${port}`;
  const curl = (...args: string[]) => runOk("curl", ["-sS", "--cacert", certPath, ...args]);
  const text = randomBytes(300).toString("hex");
  const quicClient = quicRequest({ sni: "q.test", alpn: "echo" }, certificate.cert, text);
  const wireGuardClient = wireGuardRequest();
  const udpClient = udpRequest(text);
  const clients: Record<string, () => Promise<void>> = {
    async http() {
      assert.equal(await curl(`http://${at}/`), "plain\n");
    },
    async h2c() {
      assert.equal(await curl("--http2-prior-knowledge", `http://${at}/`), "plain\n");
    },
    async www() {
      assert.equal(await curl("--connect-to", `::${at}`, "https://www.test/"), "www");
    },
    async api() {
      assert.equal(await curl("--connect-to", `::${at}`, "https://api.test/"), "api");
    },
    async tls12() {
      const { stdout } = await run("openssl", [
        ...["s_client", "-connect", at, "-servername", "www.test", "-tls1_2"],
      ]);
      assert.match(stdout, /Protocol {2}: TLSv1\.2/);
    },
    async ssh() {
      const options = sshd.clientOptions(port);
      assert.equal(await runOk("ssh", [...options, "127.0.0.1", `echo ${text}`]), `${text}\n`);
    },
    async socks() {
      assert.equal(await curl("--socks5-hostname", at, "http://any.test/"), "plain\n");
    },
    async mail() {
      const route = ["--mail-from", "a@a.test", "--mail-rcpt", "b@b.test"];
      await runOk("curl", ["-sS", ...route, "--upload-file", "-", `smtp://${at}/a.test`], {
        stdin: `Subject: ${text}\r\n\r\n`,
      });
    },
    async quic() {
      assert.equal((await quicClient.send(port)).text, text);
    },
    async wireGuard() {
      assert.equal((await wireGuardClient.send(port)).text, wireGuardClient.expected);
    },
    async udp() {
      assert.equal((await udpClient.send(port)).text, text);
    },
  };
  await Promise.all(
    Object.values(clients).map(async (client) => {
      for (let round = 0; round < ROUNDS; round++) await client();
    }),
  );
  assert.equal(mail.messages.length, ROUNDS);
}
