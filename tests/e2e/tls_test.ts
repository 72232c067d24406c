import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { freePort } from "../support/free_port.ts";
import { needs } from "../support/needs.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { run, runOk } from "../support/programs.ts";
import { type ProxyProcess, startProxy } from "../support/proxy_process.ts";
import { SplittingRelay } from "../support/splitting_relay.ts";
import { TempDir } from "../support/temp_dir.ts";

const CERTIFICATE = selfSignedCertificate(["www.test", "api.test", "*.wild.test"], Date.now());

needs("curl", "nginx")("curl reaches nginx by SNI and ALPN", async () => {
  await using site = await startSite();
  const get = (name: string, ...options: string[]) =>
    runOk("curl", [
      ...["-sS", "--cacert", site.certPath, "--connect-to", `::127.0.0.1:${site.proxy.port}`],
      ...["--write-out", " over %{http_version}", ...options, `https://${name}/`],
    ]);
  assert.equal(await get("www.test"), "www over 2");
  assert.equal(await get("api.test", "--http2"), "api-h2 over 2");
  assert.equal(await get("api.test", "--http1.1"), "api over 1.1");
  assert.equal(await get("some.wild.test", "--http1.1"), "wild over 1.1");
  assert.match(await site.proxy.waitForFinish(/sni=api\.test/, 2), /service=\S*api/);
});

needs("openssl", "nginx")("openssl s_client speaks TLS 1.2 and 1.3 through the proxy", async () => {
  await using site = await startSite();
  for (const version of ["TLSv1.2", "TLSv1.3"]) {
    const { code, stdout } = await sClient(site.proxy.port, site.certPath, version);
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`^New, ${version}, Cipher is `, "m"));
    assert.match(stdout, /^Verified peername: api\.test$/m);
    assert.match(stdout, /\r\n\r\napi/);
  }
});

needs("openssl", "nginx")(
  "a ClientHello in many records and segments is relayed whole",
  async () => {
    await using site = await startSite();
    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      for (const recordLength of [1, 7, 100]) {
        await using relay = new SplittingRelay(site.proxy.port, recordLength);
        const { code, stdout } = await sClient(relay.port, site.certPath, version);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /^Verified peername: api\.test$/m);
        assert.match(stdout, /\r\n\r\napi/);
        assert.ok(relay.records > 1, `the ClientHello came in ${relay.records} records`);
      }
    }
  },
);

needs("openssl", "nginx")(
  "a server name that no rule names is dropped where there is no default",
  async () => {
    await using site = await startSite();
    const { code } = await run("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${site.proxy.port}`, "-servername", "other.test"],
    ]);
    assert.notEqual(code, 0);
    assert.match(await site.proxy.waitForFinish(/sni=other\.test/), / reason=dropped/);
  },
);

/** nginx with four TLS servers, and the proxy that tells them apart. */
interface Site extends AsyncDisposable {
  readonly proxy: ProxyProcess;
  readonly nginx: Nginx;
  readonly certPath: string;
}

async function startSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const names = ["www", "api", "api-h2", "wild"];
  const ports = new Map(names.map((name) => [name, freePort()]));
  const servers = names.map((name) =>
    `server {
      listen 127.0.0.1:${ports.get(name)} ssl ${name === "api" ? "" : "http2"};
      ssl_certificate CERT;
      ssl_certificate_key KEY;
      ssl_protocols TLSv1.2 TLSv1.3;
      location / { default_type text/plain; return 200 ${name}; }
    }`
  );
  const nginx = stack.use(await startNginx(servers.join("\n"), CERTIFICATE));
  const service = (name: string, ...filter: string[]) =>
    [`[protocols.${name}]`, `protocol = "tls"`, `target = ["127.0.0.1:${ports.get(name)}"]`]
      .concat(filter).join("\n");
  const proxy = stack.use(
    await startProxy({
      config: [
        service("www", 'server_names = ["www.test"]'),
        service("api", 'server_names = ["api.test"]'),
        service("api-h2", 'server_names = ["api.test"]', 'alpn = ["h2"]'),
        service("wild", 'server_names = ["*.wild.test"]'),
      ].join("\n\n"),
    }),
  );
  const dir = stack.use(await TempDir.make());
  const certPath = await dir.write("cert.pem", CERTIFICATE.cert);
  const running = stack.move();
  return { proxy, nginx, certPath, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A GET by hand over `openssl s_client`, which verifies the certificate. */
function sClient(port: number, certPath: string, version: string) {
  return run("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "api.test"],
    ...["-CAfile", certPath, "-verify_return_error", "-verify_hostname", "api.test"],
    ...["-ign_eof", version === "TLSv1.2" ? "-tls1_2" : "-tls1_3"],
  ], { stdin: "GET / HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n" });
}
