import assert from "node:assert/strict";
import {
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAMS,
  MAX_TCP_HEAD,
} from "../../../src/model/limits.ts";
import { TcpSniffer, UdpSniffer } from "../../../src/pipeline/sniff.ts";
import { planTcpSniff, planUdpSniff } from "../../../src/pipeline/sniff_plan.ts";
import { buildClientHello, concat, latin1, toRecords } from "../../support/client_hello_builder.ts";
import { dtlsFragment, dtlsRecord } from "../../support/dtls_builder.ts";
import {
  cryptoFrame,
  sealClientHello,
  sealInitialDatagram,
} from "../../support/quic_initial_builder.ts";

const ALL_TCP = ["http", "tls", "ssh", "socks5"] as const;
const ALL_UDP = ["quic", "wireguard"] as const;
const HELLO = toRecords(buildClientHello({ serverName: "a.test", alpn: ["h2"] }));
const HELLO_FRAGMENT = dtlsRecord(dtlsFragment(new Uint8Array(40), { length: 200 }));
const INITIATION = concat(Uint8Array.of(1), new Uint8Array(147));

function protocolOf(sniffer: TcpSniffer | UdpSniffer, input: Uint8Array): string | null {
  const result = sniffer instanceof TcpSniffer ? sniffer.push(input) : sniffer.push([input]);
  return result.kind === "match" ? result.detected.protocol : null;
}

Deno.test("TcpSniffer recognises each protocol that is sought", () => {
  const samples: [string, Uint8Array][] = [
    ["http", latin1("GET / HTTP/1.1\r\n")],
    ["tls", HELLO],
    ["ssh", latin1("SSH-2.0-x\r\n")],
    ["socks5", Uint8Array.of(5, 1, 0)],
  ];
  for (const [protocol, head] of samples) {
    assert.equal(protocolOf(new TcpSniffer(planTcpSniff(ALL_TCP)), head), protocol);
  }
});

Deno.test("TcpSniffer does not recognise a protocol that is not sought", () => {
  assert.deepEqual(new TcpSniffer(planTcpSniff(["http", "tls"])).push(latin1("SSH-2.0-x\r\n")), {
    kind: "none",
  });
  assert.deepEqual(new TcpSniffer(planTcpSniff([])).push(HELLO), { kind: "none" });
  assert.deepEqual(new TcpSniffer(planTcpSniff(["quic"])).push(HELLO), { kind: "none" });
});

Deno.test("TcpSniffer asks for more while the protocol is open, and keeps to its answer", () => {
  const sniffer = new TcpSniffer(planTcpSniff(ALL_TCP));
  assert.equal(sniffer.push(new Uint8Array(0)).kind, "needMore");
  assert.equal(sniffer.push(latin1("S")).kind, "needMore");
  assert.equal(sniffer.push(latin1("SE")).kind, "needMore"); // no SSH, but HTTP may be
  assert.equal(sniffer.push(latin1("SEARCH / HTTP/1.1\r\n")).kind, "match");
});

Deno.test("TcpSniffer never asks a detector again that said no", () => {
  const sniffer = new TcpSniffer(planTcpSniff(["ssh", "http"]));
  assert.equal(sniffer.push(latin1("X")).kind, "needMore");
  // No connection takes back bytes. Here it shows that SSH is out.
  assert.equal(sniffer.push(latin1("SSH-2.0-x\r\n")).kind, "none");
});

Deno.test("TcpSniffer says that a ClientHello is malformed, and where TLS is not sought that it is nothing", () => {
  const broken = toRecords(concat(Uint8Array.of(1, 0, 0, 4), new Uint8Array(4)));
  const result = new TcpSniffer(planTcpSniff(ALL_TCP)).push(broken);
  assert(result.kind === "malformed");
  assert.equal(result.protocol, "tls");
  assert.equal(new TcpSniffer(planTcpSniff(["http", "ssh"])).push(broken).kind, "none");
});

Deno.test("TcpSniffer ends at the cap, whatever lies behind it", () => {
  // Empty lines, a method and a target without an end would be HTTP for ever if nothing bounded it.
  const endless = new Uint8Array(MAX_TCP_HEAD + 10).fill(0x61);
  endless.set(latin1("GET /"));
  assert.notEqual(new TcpSniffer(planTcpSniff(ALL_TCP)).push(endless).kind, "needMore");
  const handshake = toRecords(buildClientHello({ serverName: "a.test" }), [1]);
  const whole = new TcpSniffer(planTcpSniff(["tls"])).push(
    concat(handshake, new Uint8Array(MAX_TCP_HEAD)),
  );
  assert.equal(whole.kind, "match");
});

Deno.test("UdpSniffer recognises each protocol that is sought", () => {
  const initial = sealClientHello(buildClientHello({ serverName: "a.test", alpn: ["h3"] }));
  assert.equal(protocolOf(new UdpSniffer(planUdpSniff(ALL_UDP)), initial), "quic");
  assert.equal(protocolOf(new UdpSniffer(planUdpSniff(ALL_UDP)), INITIATION), "wireguard");
  assert.equal(protocolOf(new UdpSniffer(planUdpSniff(["quic"])), INITIATION), null);
  assert.equal(protocolOf(new UdpSniffer(planUdpSniff(["wireguard"])), initial), null);
  assert.deepEqual(new UdpSniffer(planUdpSniff([])).push([initial]), { kind: "none" });
});

Deno.test("UdpSniffer gathers a ClientHello over several datagrams, in any order", () => {
  const hello = buildClientHello({ serverName: "a.test", keyShareLength: 1216 });
  const datagrams = [0, 900].map((offset, packetNumber) =>
    sealInitialDatagram({
      packetNumber,
      frames: [cryptoFrame(offset, hello.subarray(offset, offset + 900))],
    })
  );
  for (const order of [datagrams, datagrams.toReversed()]) {
    const sniffer = new UdpSniffer(planUdpSniff(ALL_UDP));
    const results = order.map((_, i) => sniffer.push(order.slice(0, i + 1)).kind);
    assert.equal(results.pop(), "match");
    assert(results.every((kind) => kind === "needMore"));
  }
});

Deno.test("UdpSniffer ends when as many datagrams, or bytes, are held as may be", () => {
  const first = sealInitialDatagram({ frames: [cryptoFrame(0, Uint8Array.of(1, 0, 9, 9))] });
  const sniffer = new UdpSniffer(planUdpSniff(ALL_UDP));
  for (let count = 1; count < MAX_HELD_DATAGRAMS; count++) {
    assert.equal(sniffer.push(new Array(count).fill(first)).kind, "needMore");
  }
  assert.equal(sniffer.push(new Array(MAX_HELD_DATAGRAMS).fill(first)).kind, "match");
  const large = new Uint8Array(MAX_HELD_DATAGRAM_BYTES);
  assert.equal(new UdpSniffer(planUdpSniff(ALL_UDP)).push([first, large]).kind, "match");
  assert.equal(new UdpSniffer(planUdpSniff(["dtls"])).push([HELLO_FRAGMENT, large]).kind, "none");
});

Deno.test("UdpSniffer asks those behind the one that needs more when no more comes", () => {
  const needs = new Map([["regex", { fields: new Set<never>(), values: ["\\x16\\xfe"] }]] as const);
  const sniffer = new UdpSniffer(planUdpSniff(["dtls", "regex"], needs));
  assert.equal(sniffer.push([HELLO_FRAGMENT]).kind, "needMore");
  const result = sniffer.end([HELLO_FRAGMENT]);
  assert.equal(result.kind === "match" && result.detected.protocol, "regex");
  const alone = new UdpSniffer(planUdpSniff(["dtls"]));
  assert.deepEqual(alone.end([HELLO_FRAGMENT]), { kind: "none" });
});

Deno.test("UdpSniffer takes what an Initial has proved for QUIC before it asks those behind it", () => {
  const half = sealInitialDatagram({ frames: [cryptoFrame(0, Uint8Array.of(1, 0, 9, 9))] });
  const needs = new Map([["regex", { fields: new Set<never>(), values: ["."] }]] as const);
  const sniffer = new UdpSniffer(planUdpSniff(["quic", "regex"], needs));
  assert.equal(sniffer.push([half]).kind, "needMore");
  const result = sniffer.end([half]);
  assert.equal(result.kind === "match" && result.detected.protocol, "quic");
});
