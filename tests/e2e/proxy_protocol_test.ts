import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../src/cli/demo/certificate.ts";
import { freePort } from "../support/free_port.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { needs } from "../support/needs.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { run, runOk } from "../support/programs.ts";
import { startProxy } from "../support/proxy_process.ts";

/** An address of loopback that is not the default one: only a PROXY header can tell a backend of it. */
const CLIENT = "127.0.0.5";

for (const version of ["v1", "v2"]) {
  needs("curl", "nginx")(
    `nginx learns the client's address by PROXY protocol ${version}`,
    async () => {
      await using nginx = await startProxiedNginx();
      await using proxy = await startProxy({
        config: `tcp_send_proxy_protocol = "${version}"\n${services(nginx)}`,
      });
      await getBoth(proxy.port);
      const line = `${CLIENT} to 127.0.0.1:${proxy.port}`;
      assert.deepEqual(await nginx.readLog(2), [line, line]);
    },
  );

  needs("curl", "nginx", "haproxy")(
    `a client's address comes from HAProxy by PROXY protocol ${version} and goes on to nginx`,
    async () => {
      await using nginx = await startProxiedNginx();
      await using proxy = await startProxy({
        config: `tcp_send_proxy_protocol = "v2"
          tcp_recv_proxy_protocol = true
          tcp_trusted_proxies = ["127.0.0.1/32"]
          ${services(nginx)}`,
      });
      await using haproxy = await startHaproxy(
        proxy.port,
        version === "v1" ? "send-proxy" : "send-proxy-v2",
      );
      await getBoth(haproxy.port);
      // The destination is HAProxy's: where the client believes to have connected to.
      const line = `${CLIENT} to 127.0.0.1:${haproxy.port}`;
      assert.deepEqual(await nginx.readLog(2), [line, line]);
      assert.match(await proxy.waitForFinish(/service=tls/), new RegExp(` ${CLIENT}:\\d+ -> `));
    },
  );
}

needs("curl", "nginx")(
  "a peer that is not trusted cannot speak with a header or without",
  async () => {
    await using nginx = await startProxiedNginx();
    await using proxy = await startProxy({
      config: `tcp_recv_proxy_protocol = true
      tcp_trusted_proxies = ["127.0.0.2/32"]
      ${services(nginx)}`,
    });
    for (const options of [["--haproxy-protocol"], []]) {
      const { code } = await run("curl", ["-sS", ...options, `http://127.0.0.1:${proxy.port}/`]);
      assert.notEqual(code, 0);
    }
    await proxy.waitForFinish(/reason=untrusted/, 2);
    assert.deepEqual(await nginx.readLog(), []);
  },
);

needs("curl", "nginx")("a trusted peer must send a header", async () => {
  await using nginx = await startProxiedNginx();
  await using proxy = await startProxy({
    config: `tcp_recv_proxy_protocol = true
      tcp_trusted_proxies = ["127.0.0.0/8"]
      tcp_send_proxy_protocol = "v1"
      ${services(nginx)}`,
  });
  const url = `http://127.0.0.1:${proxy.port}/`;
  const { code } = await run("curl", ["-sS", url]);
  assert.notEqual(code, 0);
  await proxy.waitForFinish(/reason=proxy_header/);
  assert.equal(await runOk("curl", ["-sS", "--haproxy-protocol", url]), "nginx");
});

interface ProxiedNginx extends Nginx {
  readonly plainPort: number;
  readonly tlsPort: number;
}

/** nginx that wants a PROXY header before HTTP and before TLS, and logs the addresses in it. */
async function startProxiedNginx(): Promise<ProxiedNginx> {
  const [plainPort, tlsPort] = [freePort(), freePort()];
  const nginx = await startNginx(
    `log_format proxied "$proxy_protocol_addr to $proxy_protocol_server_addr:$proxy_protocol_server_port";
    server {
      listen 127.0.0.1:${plainPort} proxy_protocol;
      listen 127.0.0.1:${tlsPort} ssl proxy_protocol;
      ssl_certificate CERT;
      ssl_certificate_key KEY;
      access_log LOG proxied;
      location / { default_type text/plain; return 200 nginx; }
    }`,
    selfSignedCertificate(["www.test"], Date.now()),
  );
  return { ...nginx, plainPort, tlsPort };
}

const services = ({ plainPort, tlsPort }: ProxiedNginx) =>
  `[protocols.http]
  protocol = "http"
  target = ["127.0.0.1:${plainPort}"]
  [protocols.tls]
  protocol = "tls"
  target = ["127.0.0.1:${tlsPort}"]
  `;

/** One request by HTTP and one by HTTPS, from {@linkcode CLIENT}. */
async function getBoth(port: number): Promise<void> {
  for (const scheme of ["http", "https"]) {
    const url = `${scheme}://127.0.0.1:${port}/`;
    const body = await runOk("curl", ["-sS", "--insecure", "--interface", CLIENT, url]);
    assert.equal(body, "nginx");
  }
}
