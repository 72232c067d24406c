/**
 * Laws of QUIC flows with ECH: however a client's hellos come, the target gets the inner ones and nothing of the outer.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseLongHeader } from "../../../src/proto/quic/header.ts";
import { QUIC_VERSIONS, type QuicVersion } from "../../../src/proto/quic/versions.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { concat } from "../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, nameMap } from "../../support/ech_client.ts";
import { QuicClient, QuicReader, type Range } from "../../support/quic_client.ts";
import {
  ackFrame,
  paddingFrames,
  pingFrame,
  SAMPLE_DCID,
} from "../../support/quic_initial_builder.ts";
import { protocolRoutes, service, snapshot } from "../../support/snapshot_builder.ts";
import { UdpFlowRig } from "../../support/udp_flow_rig.ts";

const KEY = echKey();
const RETRY_ID = Uint8Array.fromHex("0102030405060708");
const SERVER_ID = Uint8Array.fromHex("5e5e5e5e5e");

/** How a stream of handshake bytes is cut and sent, as parts of its length. */
interface Scattering {
  /** Where it is cut. */
  readonly cuts: readonly number[];
  /** How far each piece reaches back into the one before. */
  readonly overlap: number;
  /** What stands before each piece in its packet. */
  readonly fillers: readonly Uint8Array[];
  /** Pieces of one packet. */
  readonly piecesPerPacket: number;
  /** Packet numbers that are left out. */
  readonly gap: number;
  /** What comes behind the Initial in its datagram. */
  readonly tail: "none" | "zeroRtt" | "short" | "zeros";
  /** The order in which datagrams arrive, as sort keys; one below 0.1 is lost, one above 0.9 comes twice. */
  readonly arrivals: readonly number[];
}

const FILLER = fc.constantFrom(
  new Uint8Array(0),
  pingFrame(),
  paddingFrames(7),
  ackFrame(3),
  ackFrame(0, true),
  concat(paddingFrames(2), pingFrame(), ackFrame(1)),
);

const SCATTERING: fc.Arbitrary<Scattering> = fc.record({
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  overlap: fc.constantFrom(0, 0, 1, 60),
  fillers: fc.array(FILLER, { minLength: 1, maxLength: 3 }),
  piecesPerPacket: fc.integer({ min: 1, max: 4 }),
  gap: fc.nat(3),
  tail: fc.constantFrom("none", "none", "zeroRtt", "short", "zeros"),
  arrivals: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
});

const SCENARIO = fc.record({
  version: fc.constantFrom(...QUIC_VERSIONS),
  /** What it is changed to for a second hello, or its retransmission. */
  laterVersion: fc.constantFrom(...QUIC_VERSIONS.slice(0, 2)),
  keyShareLength: fc.constantFrom(32, 1216),
  compressed: fc.constantFrom([], [51], [16, 43, 51]),
  hasRetry: fc.boolean(),
  hasSecond: fc.boolean(),
  numbers: fc.constantFrom({ first: 0, length: 1 }, { first: 60_000, length: 2 }, {
    first: 1,
    length: 4,
  }),
  scatterings: fc.array(SCATTERING, { minLength: 4, maxLength: 4 }),
});

Deno.test("UdpFlow gives the target the inner hellos, however the client's Initials come", () => {
  fc.assert(
    fc.property(SCENARIO, (scenario) => {
      const ech = EchClient.seeded(KEY);
      const inner = { keyShareLength: scenario.keyShareLength };
      const first = ech.hello({ inner, compressed: scenario.compressed });
      const second = scenario.hasSecond ? ech.hello({ isSecond: true, inner }) : null;
      const rig = new UdpFlowRig(ROUTES);
      const client = new QuicClient(first.outer);
      client.version = scenario.version;
      client.packetNumber = scenario.numbers.first;
      client.packetNumberLength = scenario.numbers.length;
      const sent: Uint8Array[] = [];
      const say = (range: Range, scattering: Scattering | undefined) => {
        for (const datagram of arrive(client, range, scattering)) {
          sent.push(datagram);
          rig.push(datagram);
        }
      };

      say([0, first.outer.length], scenario.scatterings[0]);
      // What was lost is sent again, as often as it takes, in pieces of another size.
      say([0, first.outer.length], PLAIN);
      if (scenario.hasRetry) {
        client.retry(RETRY_ID);
        say([0, first.outer.length], scenario.scatterings[1]);
        say([0, first.outer.length], PLAIN);
      }
      client.adopt(SERVER_ID);
      client.version = compatible(scenario.version, scenario.laterVersion);
      say([0, first.outer.length], scenario.scatterings[2]);
      if (second !== null) {
        client.stream = concat(first.outer, second.outer);
        say([first.outer.length, client.stream.length], scenario.scatterings[3]);
        say([0, client.stream.length], PLAIN);
      }

      const expected = second === null ? first.inner : concat(first.inner, second.inner);
      for (const keyId of scenario.hasRetry ? [SAMPLE_DCID, RETRY_ID] : [SAMPLE_DCID]) {
        const reader = new QuicReader([SAMPLE_DCID, RETRY_ID]);
        for (const datagram of rig.sent) if (isOf(datagram, keyId)) reader.read(datagram);
        const whole = keyId === client.keyDcid ? expected : first.inner;
        assert.equal(reader.stream.toHex(), whole.toHex());
      }
      assertSameFrame(rig.sent, sent);
      assert.equal(rig.ledger.heldDatagramBytes, 0);
    }),
    { numRuns: 150 },
  );
});

const ROUTES: Snapshot = snapshot({
  udp: protocolRoutes({
    quic: service("public", {
      transport: "udp",
      protocol: "quic",
      ech: echSettings({
        keys: [KEY],
        names: nameMap({
          "private.example": service("hidden", { transport: "udp", protocol: "quic" }),
        }),
      }),
    }),
  }),
});

/** All of a range in order, whole and alone. */
const PLAIN: Scattering = {
  cuts: [0.4],
  overlap: 0,
  fillers: [new Uint8Array(0)],
  piecesPerPacket: 1,
  gap: 0,
  tail: "none",
  arrivals: [0.5],
};

/** The datagrams of a scattered range of the client's stream, as they arrive. */
function arrive(
  client: QuicClient,
  [start, end]: Range,
  { cuts, overlap, fillers, piecesPerPacket, gap, tail, arrivals }: Scattering = PLAIN,
): Uint8Array[] {
  const borders = [0, ...cuts.toSorted(), 1].map((part) =>
    start + Math.round(part * (end - start))
  );
  const pieces = borders.slice(1).map((border, i): Range => [
    Math.max(start, (borders[i] ?? start) - overlap),
    border,
  ]);
  const datagrams: { readonly datagram: Uint8Array; readonly arrival: number }[] = [];
  for (let first = 0; first < pieces.length; first += piecesPerPacket) {
    const frames = pieces.slice(first, first + piecesPerPacket).flatMap((piece, i) => [
      fillers[i % fillers.length] ?? new Uint8Array(0),
      client.frame(piece),
    ]);
    const datagram = concat(client.initial(frames.toReversed()), tailOf(client, tail));
    client.packetNumber += gap;
    const arrival = arrivals[datagrams.length % arrivals.length] ?? 0;
    datagrams.push({ datagram, arrival });
  }
  return datagrams
    .filter(({ arrival }) => arrival >= 0.1)
    .flatMap((one) => one.arrival > 0.9 ? [one, one] : [one])
    .toSorted((a, b) => a.arrival - b.arrival)
    .map(({ datagram }) => datagram);
}

function tailOf(client: QuicClient, tail: Scattering["tail"]): Uint8Array {
  switch (tail) {
    case "none":
      return new Uint8Array(0);
    case "zeroRtt":
      return client.other("zeroRtt");
    case "short":
      return client.short();
    case "zeros":
      return new Uint8Array(30);
  }
}

/** Versions 1 and 2 can be changed to each other (RFC 9369 §4). */
function compatible(from: QuicVersion, to: QuicVersion): QuicVersion {
  return QUIC_VERSIONS.indexOf(from) < 2 ? to : from;
}

/** Whether a client whose keys are derived from this ID has sent the datagram. */
function isOf(datagram: Uint8Array, keyId: Uint8Array): boolean {
  const packet = parseLongHeader(datagram, 0);
  const dcid = packet?.dcid.toHex();
  if (dcid !== SERVER_ID.toHex()) return dcid === keyId.toHex();
  try {
    new QuicReader([keyId]).read(datagram);
    return true;
  } catch {
    return false;
  }
}

/** Each datagram has one that was sent, of the same length, with the same header and the same packets behind the Initial. */
function assertSameFrame(got: readonly Uint8Array[], sent: readonly Uint8Array[]): void {
  const left = sent.map(frameOf);
  for (const datagram of got) {
    const index = left.indexOf(frameOf(datagram));
    assert(index >= 0, "a datagram that nobody has sent");
    left.splice(index, 1);
  }
}

/** What a datagram has beside the frames of its Initial. */
function frameOf(datagram: Uint8Array): string {
  const packet = parseLongHeader(datagram, 0);
  assert(packet?.kind === "initial");
  const reader = new QuicReader([SAMPLE_DCID, RETRY_ID]);
  const others = reader.read(datagram);
  const header = datagram.subarray(1, packet.numberStart);
  const [read] = reader.packets;
  return [datagram.length, header.toHex(), read?.packetNumber, others.toHex()].join(" ");
}
