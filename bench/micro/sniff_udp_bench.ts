/**
 * What it costs to know the protocol of a UDP flow by its first datagrams.
 *
 * @module
 */

import { UdpSniffer } from "../../src/pipeline/sniff.ts";
import { planUdpSniff } from "../../src/pipeline/sniff_plan.ts";
import { WIREGUARD } from "../../src/proto/protocols/wireguard.ts";
import { deriveInitialKeys } from "../../src/proto/quic/initial_keys.ts";
import { QUIC_V1 } from "../../src/proto/quic/versions.ts";
import { UDP_PROTOCOLS } from "../../src/proto/registry.ts";
import { baseNeeds, samplesOver, specOver } from "../../tests/samples/all.ts";
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
const unknown = [Uint8Array.fromHex("ff00ff00ff00ff00")];

const EVERY_PROTOCOL = planUdpSniff(UDP_PROTOCOLS);

sniff("quic: whole ClientHello in one Initial", whole, "match");
sniff("quic: scrambled into 16 CRYPTO frames", scrambled, "match");
sniff("quic: ClientHello over two datagrams", halves, "match");
sniff("quic: first of two datagrams (need more)", halves.slice(0, 1), "needMore");
sniff("quic: Initial that does not open", unopened, "none");
sniff("wireguard: initiation", initiation, "match");
sniff("bytes of no protocol", unknown, "none");

Deno.bench("quic: keys of one connection ID", { group: "part" }, () => {
  deriveInitialKeys(QUIC_V1, SAMPLE_DCID, "client");
});

for (const count of [1, 10]) {
  const values = new Array<string>(count).fill("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=");
  const detector = WIREGUARD.prepare({ fields: new Set(["publicKey"]), values });
  Deno.bench(`wireguard: public keys tried: ${count}`, { group: "part" }, () => {
    detector()(initiation);
  });
}

for (const samples of samplesOver("udp")) {
  const { protocol, flights } = samples;
  const held = flights[0]?.parts ?? [];
  const detector = specOver("udp", samples).prepare(baseNeeds(samples));
  Deno.bench(`${protocol}: first sample, its own detector`, { group: "each" }, () => {
    detector()(held);
  });
  if (protocol === "regex") continue; // without patterns it is of nothing
  sniff(`${protocol}: first sample`, held, "match");
}

/** Measures one flow with all protocols sought, having checked once that the answer is right. */
function sniff(name: string, held: readonly Uint8Array[], expected: string): void {
  const ask = () => new UdpSniffer(EVERY_PROTOCOL).push(held).kind;
  const answer = ask();
  if (answer !== expected) throw new Error(`${name}: ${answer} instead of ${expected}`);
  Deno.bench(name, { group: "flow" }, () => {
    ask();
  });
}
