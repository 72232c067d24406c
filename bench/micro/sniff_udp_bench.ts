/**
 * What it costs to know the protocol of a UDP flow by its first datagrams.
 *
 * @module
 */

import { UDP_DETECTION_ORDER, udpDetector } from "../../src/proto/detect_udp.ts";
import { deriveInitialKeys } from "../../src/proto/quic/initial_keys.ts";
import { QUIC_V1 } from "../../src/proto/quic/versions.ts";
import { buildClientHello } from "../../tests/support/client_hello_builder.ts";
import {
  cryptoFrame,
  pingFrame,
  SAMPLE_DCID,
  sealClientHello,
  sealInitialDatagram,
} from "../../tests/support/quic_initial_builder.ts";

const hello = buildClientHello({
  serverName: "www.example.com",
  alpn: ["h3"],
  supportedVersions: [0x0304],
  keyShareLength: 32,
});
const largeHello = buildClientHello({
  serverName: "www.example.com",
  alpn: ["h3"],
  supportedVersions: [0x0304],
  keyShareLength: 1216,
});

const whole = [sealClientHello(hello)];
const unopened = [whole[0]?.slice() ?? new Uint8Array(0)];
unopened[0]?.set([0xff], 1199);
const scrambled = [
  sealInitialDatagram({
    frames: Array.from({ length: 16 }, (_, i) => i * 7 % 16).flatMap((piece) => {
      const size = Math.ceil(hello.length / 16);
      const start = piece * size;
      return [cryptoFrame(start, hello.subarray(start, start + size)), pingFrame()];
    }),
  }),
];
const halves = [
  sealInitialDatagram({ packetNumber: 0, frames: [cryptoFrame(0, largeHello.subarray(0, 1100))] }),
  sealInitialDatagram({ packetNumber: 1, frames: [cryptoFrame(1100, largeHello.subarray(1100))] }),
];
const initiation = [Uint8Array.of(1, 0, 0, 0, ...new Uint8Array(144).fill(0x5a))];
const dns = [
  Uint8Array.fromHex("1234010000010000000000000377777707657861" + "6d706c6503636f6d0000010001"),
];

sniff("quic: whole ClientHello in one Initial", whole, "match");
sniff("quic: scrambled into 16 CRYPTO frames", scrambled, "match");
sniff("quic: ClientHello over two datagrams", halves, "match");
sniff("quic: first of two datagrams (need more)", halves.slice(0, 1), "needMore");
sniff("quic: Initial that does not open (no match)", unopened, "noMatch");
sniff("wireguard: initiation", initiation, "match");
sniff("dns query (no match)", dns, "noMatch");

Deno.bench("quic: keys of one connection ID", { group: "part" }, () => {
  deriveInitialKeys(QUIC_V1, SAMPLE_DCID, "client");
});

/** Measures one flow with new detectors for all protocols, having checked once that the answer is right. */
function sniff(name: string, held: readonly Uint8Array[], expected: string): void {
  const answer = ask(held);
  if (answer !== expected) throw new Error(`${name}: ${answer} instead of ${expected}`);
  Deno.bench(name, { group: "flow" }, () => {
    ask(held);
  });
}

function ask(held: readonly Uint8Array[]): string {
  for (const protocol of UDP_DETECTION_ORDER) {
    const verdict = udpDetector(protocol)(held);
    if (verdict.kind !== "noMatch") return verdict.kind;
  }
  return "noMatch";
}
