/**
 * The parsers of a UDP flow's first datagrams.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  MAX_COALESCED_PACKETS,
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAMS,
} from "../../src/model/limits.ts";
import { UDP_PROTOCOLS } from "../../src/model/protocol.ts";
import { type SniffResult, UdpSniffer } from "../../src/pipeline/sniff.ts";
import { udpDetector } from "../../src/proto/detect_udp.ts";
import { QuicDetector } from "../../src/proto/quic/detect.ts";
import { QUIC_VERSIONS } from "../../src/proto/quic/versions.ts";
import { concat } from "../support/client_hello_builder.ts";
import { countingProtection } from "../support/counting_protection.ts";
import {
  ackFrame,
  connectionCloseFrame,
  cryptoFrame,
  encodeVarint,
  type InitialSpec,
  invariantDatagram,
  longHeaderPacket,
  paddingFrames,
  pingFrame,
  sealInitial,
} from "../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../vectors/quic_samples.ts";
import { helloMessage } from "./hello_inputs.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { FuzzInput, FuzzTarget } from "./target.ts";

const SAMPLES = [RFC_9001_SAMPLES, RFC_9369_SAMPLES].flatMap(({ client, server, retry }) =>
  [client.packet, server.packet, retry].map((hex) => Uint8Array.fromHex(hex))
);

/** The detectors of protocols over UDP, and the sniffer that asks them all. */
export const DATAGRAM_TARGETS: readonly FuzzTarget[] = [
  { name: "quic", generate: (random) => disturbed(random, quicFlight(random)), check: checkFlow },
  {
    name: "wireguard",
    generate: (random) => disturbed(random, [initiation(random)]),
    check: checkFlow,
  },
];

function initiation(random: Random): Uint8Array {
  return concat(Uint8Array.of(random.pick([1, 1, 1, 2, 4]), 0, 0, 0), random.bytes(144));
}

/** Initials that carry a hello, with what clients put beside them. */
function quicFlight(random: Random): Uint8Array[] {
  if (random.oneIn(20)) return [random.pick(SAMPLES)];
  const dcid = random.bytes(random.pick([8, 8, 8, 20, 0, 1, 7]));
  const common = {
    version: random.pick(QUIC_VERSIONS),
    dcid,
    scid: random.bytes(random.pick([0, 5, 20])),
    token: random.bytes(random.pick([0, 0, 1, 63, 64, 300])),
    flipFirst: random.oneIn(10) ? 0x40 : 0,
  };
  let packetNumber = random.pick([0, 1, 255, 65535, 0xfffffff0]);
  return splitFrames(random, helloMessage(random)).map((packets) =>
    concat(
      ...packets.map((frames) =>
        sealed(random, { ...common, packetNumber: packetNumber++, frames })
      ),
      ...random.oneIn(4) ? [beside(random, common)] : [],
    )
  );
}

function sealed(random: Random, spec: InitialSpec): Uint8Array {
  const frames = random.oneIn(8) ? [mutate(random, concat(...spec.frames), [])] : spec.frames;
  const other = random.oneIn(20) ? { dcid: random.bytes(random.pick([0, 8, 20])) } : {};
  const version = random.oneIn(20) ? { version: random.pick(QUIC_VERSIONS) } : {};
  return sealInitial({ ...spec, ...other, ...version, frames });
}

function beside(
  random: Random,
  { version, dcid }: Required<Pick<InitialSpec, "version" | "dcid">>,
) {
  return random.pick([
    () => new Uint8Array(random.below(500)),
    () => random.bytes(random.below(50)),
    () => longHeaderPacket("zeroRtt", random.bytes(random.below(60)), { version, dcid }),
    () => longHeaderPacket("handshake", random.bytes(random.below(60)), { version, dcid }),
    () =>
      invariantDatagram(random.pick([0, 0x1a2a3a4a, 0xff00001e, 2]), {
        dcid,
        size: random.below(1300),
      }),
  ])();
}

/** CRYPTO frames for a hello, in datagrams of packets of frames; in any order, some twice, some in conflict. */
function splitFrames(random: Random, hello: Uint8Array): Uint8Array[][][] {
  const cuts = random.list(0, 8, () => random.below(hello.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...cuts, hello.length];
  let frames = edges.slice(1).map((end, i) =>
    cryptoFrame(edges[i] ?? 0, hello.subarray(edges[i], end))
  );
  if (random.oneIn(2)) frames = random.shuffled(frames);
  if (random.oneIn(4)) frames.push(random.pick(frames));
  frames = frames.flatMap((frame) => random.oneIn(12) ? [oddFrame(random, hello), frame] : [frame]);

  const datagrams: Uint8Array[][][] = [[[]]];
  for (const frame of frames) {
    const place = random.below(8);
    if (place === 0) datagrams.push([[]]);
    if (place === 1) datagrams.at(-1)?.push([]);
    datagrams.at(-1)?.at(-1)?.push(frame);
  }
  return datagrams.map((packets) => packets.map((all) => all.length > 0 ? all : [pingFrame()]));
}

function oddFrame(random: Random, hello: Uint8Array): Uint8Array {
  return random.pick([
    pingFrame,
    () => paddingFrames(random.below(100)),
    () => ackFrame(random.below(5), random.oneIn(2)),
    () => concat(Uint8Array.of(2, 0, 0), encodeVarint(2 ** random.below(53), 8)),
    () => connectionCloseFrame(),
    () => cryptoFrame(random.below(hello.length), random.bytes(random.below(4))),
    () => cryptoFrame(2 ** random.below(53), hello.subarray(0, random.below(30))),
    () =>
      concat(...random.list(0, 400, (i) => cryptoFrame(2 * i, hello.subarray(2 * i, 2 * i + 1)))),
    () => Uint8Array.of(random.below(0x20)),
  ])();
}

/** A flight as a network, or an attacker who may send for the client, might change it. */
function disturbed(random: Random, flight: readonly Uint8Array[]): Uint8Array[] {
  let held = [...flight];
  if (random.oneIn(3)) return held;
  if (random.oneIn(3)) held = random.shuffled(held);
  if (random.oneIn(4)) held.push(random.pick(held));
  if (random.oneIn(4)) held = held.filter(() => !random.oneIn(4));
  if (random.oneIn(4)) {
    held.splice(random.below(held.length + 1), 0, random.bytes(random.below(60)));
  }
  if (random.oneIn(20)) held = held.map((datagram) => concat(datagram, new Uint8Array(12_000)));
  if (random.oneIn(20)) {
    held = Array.from({ length: 2 * MAX_HELD_DATAGRAMS }, (_, i) => held[i] ?? random.bytes(20));
  }
  return held.map((datagram) => random.oneIn(4) ? mutate(random, datagram, SAMPLES) : datagram);
}

function checkFlow(held: FuzzInput, random: Random): string {
  const whole = sniff(held);
  const inTurn = new UdpSniffer(UDP_PROTOCOLS);
  let verdict: SniffResult = { kind: "needMore" };
  let shown = 0;
  while (verdict.kind === "needMore" && shown < held.length) {
    shown++;
    // Copies that are spoilt afterwards: nothing may be kept of what is only lent during the call.
    const lent = held.slice(0, shown).map((datagram) => datagram.slice());
    verdict = inTurn.push(lent);
    lent[shown - 1]?.fill(0xff);
  }
  assert.deepEqual(verdict, whole, "datagrams one by one give the same verdict");

  const views = held.map((datagram) => {
    const guarded = concat(random.bytes(16), datagram, random.bytes(16));
    return guarded.subarray(16, 16 + datagram.length);
  });
  assert.deepEqual(sniff(views), whole, "nothing is over-read");

  const kinds = UDP_PROTOCOLS.map((protocol) => udpDetector(protocol)(held).kind);
  assert.ok(kinds.filter((kind) => kind === "match").length <= 1, "one protocol at most");
  const bytes = held.reduce((sum, { length }) => sum + length, 0);
  if (held.length >= MAX_HELD_DATAGRAMS || bytes >= MAX_HELD_DATAGRAM_BYTES) {
    assert.notEqual(whole.kind, "needMore", "the need for more ends");
  }
  if (whole.kind !== "needMore") {
    assert.deepEqual(sniff([...held, random.bytes(40)]), whole, "more datagrams change nothing");
  }
  if (whole.kind === "match") {
    const { consumed } = whole.detected;
    assert.deepEqual(sniff(held.slice(0, consumed)), whole, "what is consumed is enough");
    assert.equal(sniff(held.slice(0, consumed - 1)).kind, "needMore", "and all of it is needed");
  }
  checkQuicWork(held);
  return whole.kind;
}

function sniff(held: FuzzInput): SniffResult {
  const sniffer = new UdpSniffer(UDP_PROTOCOLS);
  let result: SniffResult = sniffer.push([]);
  for (let shown = 1; shown <= held.length && result.kind === "needMore"; shown++) {
    result = sniffer.push(held.slice(0, shown));
  }
  return result;
}

/** Decryption is what costs, so its calls are bounded. */
function checkQuicWork(held: FuzzInput): void {
  const { counts, protection } = countingProtection();
  new QuicDetector(protection).detect(held);
  const most = Math.min(held.length, MAX_HELD_DATAGRAMS);
  assert.ok(counts.opened <= most * MAX_COALESCED_PACKETS, `${counts.opened} packets opened`);
  assert.ok(counts.derived <= most * QUIC_VERSIONS.length, `${counts.derived} keys derived`);
}
