/**
 * What the demo shows: backends, a configuration in front of them, and a request for each of its routes.
 *
 * @module
 */

import {
  type Backend,
  greeter,
  httpBackend,
  quicEcho,
  socksServer,
  sshBanner,
  udpEcho,
  wireGuardResponder,
} from "./backends.ts";
import { selfSignedCertificate } from "./certificate.ts";
import {
  type DemoRequest,
  httpRequest,
  httpsRequest,
  quicRequest,
  silentRequest,
  socksRequest,
  sshRequest,
  udpRequest,
  wireGuardRequest,
} from "./requests.ts";

/** Running backends, the configuration that routes to them, and requests to show it with. */
export interface Scenario extends AsyncDisposable {
  /** Configuration for a proxy on the given port of loopback, as text of a TOML file. */
  config(port: number): string;
  readonly requests: readonly DemoRequest[];
}

/** Starts the backends, with a certificate that is made for them. */
export async function startScenario(): Promise<Scenario> {
  await using stack = new AsyncDisposableStack();
  const run = (backend: Backend) => stack.use(backend);
  const certificate = selfSignedCertificate([WWW.sni, API.sni, QUIC.sni], Date.now());
  const { cert } = certificate;

  const web = run(httpBackend("plain web"));
  const www = run(httpBackend("www over TLS", certificate));
  const api = run(httpBackend("api over TLS", certificate));
  const ssh = run(sshBanner("demo_server"));
  const socks = run(socksServer(web));
  const mail = run(greeter("220 mail.demo.test ESMTP"));
  const quic = run(quicEcho(certificate, QUIC.alpn));
  const wireGuard = run(wireGuardResponder());
  const echo = run(udpEcho());

  const running = stack.move();
  return {
    requests: [
      httpRequest("plain web"),
      httpsRequest(WWW, cert, "www over TLS"),
      httpsRequest(API, cert, "api over TLS"),
      sshRequest("SSH-2.0-demo_server"),
      socksRequest("plain web"),
      silentRequest("220 mail.demo.test ESMTP"),
      quicRequest(QUIC, cert, "echo over QUIC"),
      wireGuardRequest(),
      udpRequest("echo over UDP"),
    ],
    config: (port) => `
listen_port = ${port}
listen_address_v4 = "127.0.0.1"
tcp_target = ["${mail.address}"]
udp_target = ["${echo.address}"]

[protocols.web]
protocol = "http"
target = ["${web.address}"]

[protocols.www]
protocol = "tls"
server_names = ["${WWW.sni}"]
target = ["${www.address}"]

[protocols.api]
protocol = "tls"
server_names = ["${API.sni}"]
alpn = ["${API.alpn}"]
target = ["${api.address}"]

[protocols.shell]
protocol = "ssh"
target = ["${ssh.address}"]

[protocols.socks]
protocol = "socks5"
target = ["${socks.address}"]

[protocols.quic]
protocol = "quic"
server_names = ["${QUIC.sni}"]
target = ["${quic.address}"]

[protocols.tunnel]
protocol = "wireguard"
target = ["${wireGuard.address}"]
`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Commands with which a person can try the demo's routes, each with what it shows. */
export function commandsToTry(port: number): readonly string[] {
  const at = `127.0.0.1:${port}`;
  return [
    `curl http://${at}/`,
    `curl --http2-prior-knowledge http://${at}/`,
    `curl --insecure --connect-to ::${at} https://${WWW.sni}/`,
    `openssl s_client -connect ${at} -servername ${API.sni} -alpn ${API.alpn}`,
    `ssh -v -p ${port} 127.0.0.1   # shows "remote software version demo_server"`,
    `curl --socks5-hostname ${at} http://demo.test/`,
    `nc 127.0.0.1 ${port}   # wait for the greeting, or type "GET / HTTP/1.0" and twice Enter`,
    `echo hello | nc -u -w 1 127.0.0.1 ${port}`,
  ];
}

const WWW = { sni: "www.demo.test", alpn: "http/1.1" };
const API = { sni: "api.demo.test", alpn: "http/1.1" };
const QUIC = { sni: "quic.demo.test", alpn: "demo" };
