/**
 * Initials that carry ClientHellos.
 *
 * @module
 */

import browsers from "../corpus/quic.json" with { type: "json" };
import { helloMessage } from "../fuzz/hello_inputs.ts";
import { mutate } from "../fuzz/mutate.ts";
import type { Random } from "../fuzz/random.ts";
import { QUIC_DRAFTS, QUIC_VERSIONS } from "../../src/proto/quic/versions.ts";
import { buildClientHello, concat } from "../support/client_hello_builder.ts";
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
  sealClientHello,
  sealInitial,
} from "../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../vectors/quic_samples.ts";
import { captured, type Flight, type ProtocolSamples } from "./samples.ts";

const SAMPLES = [RFC_9001_SAMPLES, RFC_9369_SAMPLES].flatMap(({ client, server, retry }) =>
  [client.packet, server.packet, retry].map((hex) => Uint8Array.fromHex(hex))
);

const RFC_FLIGHTS: readonly Flight[] = [
  {
    name: "the client Initial of RFC 9001",
    parts: [Uint8Array.fromHex(RFC_9001_SAMPLES.client.packet)],
    expected: { sni: "example.com", version: "QUIC v1", consumed: 1 },
    fields: { ja4: "q13d0211an_62ed6f6ca7ad_4d634acda6c0" },
  },
  {
    name: "the client Initial of RFC 9369",
    parts: [Uint8Array.fromHex(RFC_9369_SAMPLES.client.packet)],
    expected: { sni: "example.com", version: "QUIC v2", consumed: 1 },
    fields: { ja4: "q13d0211an_62ed6f6ca7ad_4d634acda6c0" },
  },
];

const NAMELESS = { sni: null, alpn: [], consumed: 1 };

const BUILT: readonly Flight[] = [
  ...QUIC_DRAFTS.map((version) => ({
    name: version.name,
    parts: [sealClientHello(buildClientHello({ serverName: "draft.example" }), { version })],
    expected: { sni: "draft.example", version: version.name, consumed: 1 },
    fields: { ja4: "q12d020100_c1929292aa6b_000000000000" },
  })),
  {
    name: "a version that forces Version Negotiation",
    parts: [invariantDatagram(0x1a2a3a4a)],
    expected: { ...NAMELESS, version: "QUIC 0x1a2a3a4a" },
  },
];

/** QUIC. */
export const QUIC_SAMPLES: ProtocolSamples = {
  protocol: "quic",
  transport: "udp",
  flights: [...RFC_FLIGHTS, ...captured(browsers), ...BUILT],
  lookalikes: [
    { name: "Version Negotiation", parts: [invariantDatagram(0)] },
    { name: "an unknown version below 1,200 bytes", parts: [invariantDatagram(2, { size: 1199 })] },
    { name: "a server's Initial", parts: [Uint8Array.fromHex(RFC_9001_SAMPLES.server.packet)] },
    { name: "a Retry", parts: [Uint8Array.fromHex(RFC_9001_SAMPLES.retry)] },
    { name: "a short header", parts: [new Uint8Array(1200).fill(0x45)] },
  ],
  generate: quicFlight,
};

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
      invariantDatagram(random.pick([0, 0x1a2a3a4a, 0xff00001c, 2]), {
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
