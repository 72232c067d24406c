/**
 * What ECH costs the first datagrams of a QUIC client: those of one whose hello is put in another's place, and those that
 * come behind it.
 *
 * @module
 */

import { decideEchQuic } from "../../src/pipeline/ech_quic.ts";
import { parseLongHeader } from "../../src/proto/quic/header.ts";
import { deriveInitialKeys } from "../../src/proto/quic/initial_keys.ts";
import { openInitial, sealInitial } from "../../src/proto/quic/packet_protection.ts";
import { QUIC_V1 } from "../../src/proto/quic/versions.ts";
import { EchClient, echKey, echSettings, nameMap } from "../../tests/support/ech_client.ts";
import { QuicClient, type Range } from "../../tests/support/quic_client.ts";
import { ackFrame, pingFrame, SAMPLE_DCID } from "../../tests/support/quic_initial_builder.ts";
import { service } from "../../tests/support/snapshot_builder.ts";

const KEY = echKey();
const PRIVATE = service("private", { transport: "udp", protocol: "quic" });
const PUBLIC = service("public", {
  transport: "udp",
  protocol: "quic",
  ech: echSettings({ keys: [KEY], names: nameMap({ "private.example": PRIVATE }) }),
});

const hello = EchClient.seeded(KEY).hello().outer;
const large = EchClient.seeded(KEY).hello({ inner: { keyShareLength: 1216 }, compressed: [51] })
  .outer;
const whole = new QuicClient(hello);
const wholeFlight = [whole.crypto()];
const halves = new QuicClient(large);
const halvesFlight = [halves.crypto([0, 1000]), halves.crypto([1000, large.length])];
const scattered = new QuicClient(large);
const pieces = Array.from({ length: 16 }, (_, i): Range => {
  const size = Math.ceil(large.length / 16);
  const start = i * 7 % 16 * size;
  return [start, Math.min(start + size, large.length)];
});
const scatteredFlight = [0, 8].map((first) =>
  scattered.initial(
    pieces.slice(first, first + 8).flatMap((piece) => [scattered.frame(piece), pingFrame()]),
  )
);

decide("open and decide: hello in one Initial", wholeFlight);
decide("open and decide: large hello in two Initials", halvesFlight);
decide("open and decide: scattered into 16 CRYPTO frames", scatteredFlight);

rewrite("rewrite: hello in one Initial", wholeFlight, wholeFlight);
rewrite("rewrite: large hello in two Initials", halvesFlight, halvesFlight);
rewrite("rewrite: scattered into 16 CRYPTO frames", scatteredFlight, scatteredFlight);
rewrite("pass: Initial with an ACK alone", wholeFlight, [whole.initial([ackFrame()])]);
rewrite("pass: 0-RTT of 1,200 bytes", wholeFlight, [whole.other("zeroRtt", new Uint8Array(1170))]);
rewrite("pass: short header", wholeFlight, [new Uint8Array(1200).fill(0x45)]);

const packet = parseLongHeader(wholeFlight[0] ?? new Uint8Array(0), 0);
if (packet?.kind !== "initial") throw new Error("no Initial");
const keys = deriveInitialKeys(QUIC_V1, SAMPLE_DCID, "client");
const opened = openInitial(keys, wholeFlight[0] ?? new Uint8Array(0), packet);
if (opened === null) throw new Error("the Initial does not open");
Deno.bench("open an Initial", { group: "part" }, () => {
  openInitial(keys, wholeFlight[0] ?? new Uint8Array(0), packet);
});
Deno.bench("seal an Initial", { group: "part" }, () => {
  sealInitial(keys, opened);
});

function filterOf(held: readonly Uint8Array[]) {
  const decision = decideEchQuic({ held, service: PUBLIC, host: "192.0.2.1", budget: null }, 0);
  if (decision?.kind !== "connect" || decision.filter === null) throw new Error("not accepted");
  return decision.filter;
}

function decide(name: string, held: readonly Uint8Array[]): void {
  Deno.bench(name, { group: "flow" }, () => {
    filterOf(held);
  });
}

/** Measures datagrams of a client that is known by its first ones, with one filter for all rounds. */
function rewrite(
  name: string,
  first: readonly Uint8Array[],
  datagrams: readonly Uint8Array[],
): void {
  const filter = filterOf(first);
  for (const datagram of first) filter.push(datagram);
  Deno.bench(name, { group: "datagrams" }, () => {
    for (const datagram of datagrams) {
      if (filter.push(datagram).length !== 1) throw new Error("not passed");
    }
  });
}
