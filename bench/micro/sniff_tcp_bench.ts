/**
 * What it costs to tell the protocol of a TCP connection: by one detector, and with all protocols sought.
 *
 * @module
 */

import type { Cidr } from "../../src/model/address.ts";
import { TcpSniffer } from "../../src/pipeline/sniff.ts";
import { planTcpSniff } from "../../src/pipeline/sniff_plan.ts";
import { CidrTable, parseCidr } from "../../src/proto/cidr.ts";
import { parseIp } from "../../src/proto/ip.ts";
import { encodeProxyHeader, parseProxyHeader } from "../../src/proto/proxy_protocol.ts";
import { TCP_PROTOCOLS, tcpDetector } from "../../src/proto/registry.ts";
import { baseNeeds, samplesOver, specOver } from "../../tests/samples/all.ts";
import { buildClientHello, latin1, toRecords } from "../../tests/support/client_hello_builder.ts";

const HELLO = buildClientHello({
  cipherSuites: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
  serverName: "www.example.com",
  alpn: ["h2", "http/1.1"],
  supportedVersions: [0x0304, 0x0303],
  keyShareLength: 1216,
  extensions: [5, 10, 11, 13, 18, 23, 27, 35, 45, 0xff01].map((type) => ({
    type,
    data: new Uint8Array(8),
  })),
});
const TLS = toRecords(HELLO);
const TLS_IN_RECORDS = toRecords(HELLO, [100]);
const HTTP = latin1("GET /index.html?query=value HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
const H2C = latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const SSH = latin1("SSH-2.0-OpenSSH_9.6\r\n");
const SOCKS5 = Uint8Array.of(5, 2, 0, 2);
const UNKNOWN = latin1("EHLO mail.example\r\n");

Deno.bench("tls: SNI, ALPN, post-quantum key share", { group: "match", baseline: true }, () => {
  tcpDetector("tls")(TLS);
});
const WITH_JA4 = { fields: new Set(["ja4" as const]), values: [] };
Deno.bench("tls: the same with its JA4 fingerprint", { group: "match" }, () => {
  tcpDetector("tls", WITH_JA4)(TLS);
});
Deno.bench("tls: the same in records of 100 bytes", { group: "match" }, () => {
  tcpDetector("tls")(TLS_IN_RECORDS);
});
Deno.bench("http: request line", { group: "match" }, () => {
  tcpDetector("http")(HTTP);
});
Deno.bench("http: h2c preface", { group: "match" }, () => {
  tcpDetector("http")(H2C);
});
Deno.bench("ssh", { group: "match" }, () => {
  tcpDetector("ssh")(SSH);
});
Deno.bench("socks5", { group: "match" }, () => {
  tcpDetector("socks5")(SOCKS5);
});

const HALF_TLS = TLS.subarray(0, TLS.length / 2);
const HALF_HTTP = HTTP.subarray(0, 20);

Deno.bench("tls: half a hello", { group: "need more", baseline: true }, () => {
  tcpDetector("tls")(HALF_TLS);
});
Deno.bench("http: half a request line", { group: "need more" }, () => {
  tcpDetector("http")(HALF_HTTP);
});

const EVERY_PROTOCOL = planTcpSniff(TCP_PROTOCOLS);

Deno.bench("all protocols sought: bytes of none", { group: "all", baseline: true }, () => {
  new TcpSniffer(EVERY_PROTOCOL).push(UNKNOWN);
});
Deno.bench("all protocols sought: tls", { group: "all" }, () => {
  new TcpSniffer(EVERY_PROTOCOL).push(TLS);
});
for (const samples of samplesOver("tcp")) {
  const { protocol, flights } = samples;
  const head = flights[0]?.parts[0] ?? new Uint8Array(0);
  const detector = specOver("tcp", samples).prepare(baseNeeds(samples));
  Deno.bench(`${protocol}: first sample`, { group: "each" }, () => {
    detector()(head);
  });
  Deno.bench(`${protocol}: first sample, all protocols sought`, { group: "all" }, () => {
    new TcpSniffer(EVERY_PROTOCOL).push(head);
  });
}

Deno.bench("tls: a byte at a time", { group: "drip", baseline: true }, () => {
  drip(tcpDetector("tls"), TLS);
});
Deno.bench("tls: a byte at a time, each in its own record", { group: "drip" }, () => {
  drip(tcpDetector("tls"), TLS_BYTE_RECORDS);
});

const TLS_BYTE_RECORDS = toRecords(HELLO, [1]);

function drip(detector: (head: Uint8Array) => unknown, bytes: Uint8Array): void {
  for (let end = 1; end <= bytes.length; end++) detector(bytes.subarray(0, end));
}

const CONNECTION = {
  source: { host: "192.0.2.1", port: 56324 },
  destination: { host: "198.51.100.7", port: 443 },
  tlvs: null,
};
for (const version of ["v1", "v2"] as const) {
  const header = encodeProxyHeader(version, CONNECTION);
  Deno.bench(`PROXY ${version}: parse`, { group: "proxy", baseline: version === "v1" }, () => {
    parseProxyHeader(header);
  });
  Deno.bench(`PROXY ${version}: encode`, { group: "proxy" }, () => {
    encodeProxyHeader(version, CONNECTION);
  });
}

const TABLE = new CidrTable(
  Array.from({ length: 500 }, (_, i) => block(`10.${i % 250}.${i >> 1}.0/24`)),
);
const ADDRESS = Uint8Array.of(10, 100, 100, 1);

Deno.bench("CidrTable of 500 blocks: bytes", { group: "cidr", baseline: true }, () => {
  TABLE.contains(ADDRESS);
});
Deno.bench("CidrTable of 500 blocks: text", { group: "cidr" }, () => {
  TABLE.containsHost("10.100.100.1");
});
Deno.bench("parseIp: IPv6", { group: "cidr" }, () => {
  parseIp("2001:db8::8:800:200c:417a");
});

function block(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === null) throw new Error(`Cannot read the block "${text}"`);
  return cidr;
}
