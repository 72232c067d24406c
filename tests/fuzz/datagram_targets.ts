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
import { type SniffResult, UdpSniffer } from "../../src/pipeline/sniff.ts";
import { planUdpSniff } from "../../src/pipeline/sniff_plan.ts";
import { QuicDetector } from "../../src/proto/quic/detect.ts";
import { QUIC_VERSIONS } from "../../src/proto/quic/versions.ts";
import { UDP_PROTOCOLS, UDP_SPECS, udpDetector } from "../../src/proto/registry.ts";
import { allNeeds, baseNeeds, samplesOver, specOver, targetName } from "../samples/all.ts";
import type { ProtocolSamples } from "../samples/samples.ts";
import { concat } from "../support/client_hello_builder.ts";
import { countingProtection } from "../support/counting_protection.ts";
import { assertDatagramLaws } from "../support/detector_laws.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { FuzzInput, FuzzTarget } from "./target.ts";

/** Datagrams of all protocols. */
const ALL_DATAGRAMS = samplesOver("udp").flatMap(({ flights }) => flights)
  .flatMap(({ parts }) => parts);

/** The detectors of protocols over UDP, each with flights of its own and in the sniffer that asks them all. */
export const DATAGRAM_TARGETS: readonly FuzzTarget[] = samplesOver("udp").map(detectorTarget);

function detectorTarget(samples: ProtocolSamples): FuzzTarget {
  const spec = specOver("udp", samples);
  const plain = spec.prepare(baseNeeds(samples));
  const wanting = spec.prepare(allNeeds(samples));
  return {
    name: targetName(samples),
    generate: (random) => {
      const flight = random.oneIn(8)
        ? random.pick(samples.flights).parts
        : samples.generate(random);
      return disturbed(random, flight);
    },
    check: (held, random) => {
      checkFlow(held, random);
      assertDatagramLaws(plain, spec.bound, held);
      if (spec.fields.length > 0) assertDatagramLaws(wanting, spec.bound, held);
      return plain()(held).kind;
    },
  };
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
  return held.map((datagram) =>
    random.oneIn(4) ? mutate(random, datagram, ALL_DATAGRAMS) : datagram
  );
}

const EVERY_PROTOCOL = planUdpSniff(UDP_PROTOCOLS);

function checkFlow(held: FuzzInput, random: Random): void {
  const whole = sniff(held);
  const inTurn = new UdpSniffer(EVERY_PROTOCOL);
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
  if (verdict.kind === "needMore") {
    assert.notEqual(inTurn.end(held).kind, "needMore", "the need for more ends with the flow");
  }

  const views = held.map((datagram) => {
    const guarded = concat(random.bytes(16), datagram, random.bytes(16));
    return guarded.subarray(16, 16 + datagram.length);
  });
  assert.deepEqual(sniff(views), whole, "nothing is over-read");

  const strong = UDP_SPECS.filter(({ certainty }) => certainty === "strong");
  const matching = strong.filter(({ name }) => udpDetector(name)(held).kind === "match");
  assert.ok(matching.length <= 1, `one protocol at most: ${matching.map(({ name }) => name)}`);
  const bytes = held.reduce((sum, { length }) => sum + length, 0);
  if (held.length >= MAX_HELD_DATAGRAMS || bytes >= MAX_HELD_DATAGRAM_BYTES) {
    assert.notEqual(whole.kind, "needMore", "the need for more ends");
  }
  if (whole.kind !== "needMore") {
    assert.deepEqual(sniff([...held, random.bytes(40)]), whole, "more datagrams change nothing");
  }
  if (whole.kind === "match") {
    const { consumed, protocol } = whole.detected;
    const enough = sniff(held.slice(0, consumed));
    // A weak protocol comes after the strong ones, so it may have to wait for one of them that needs more than it does.
    const isHeldUp = enough.kind === "needMore" && !strong.some(({ name }) => name === protocol);
    if (!isHeldUp) assert.deepEqual(enough, whole, "what is consumed is enough");
    assert.equal(sniff(held.slice(0, consumed - 1)).kind, "needMore", "and all of it is needed");
  }
  checkQuicWork(held);
}

function sniff(held: FuzzInput): SniffResult {
  const sniffer = new UdpSniffer(EVERY_PROTOCOL);
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
