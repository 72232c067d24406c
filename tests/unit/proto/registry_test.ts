/**
 * What holds for every protocol: each flight is told, in any pieces, and by its own detector alone.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Detected, FieldNeeds, Protocol, Transport } from "../../../src/model/protocol.ts";
import type { Verdict } from "../../../src/model/verdict.ts";
import { type SniffResult, TcpSniffer, UdpSniffer } from "../../../src/pipeline/sniff.ts";
import { planTcpSniff, planUdpSniff } from "../../../src/pipeline/sniff_plan.ts";
import {
  TCP_PROTOCOLS,
  TCP_SPECS,
  tcpDetector,
  UDP_PROTOCOLS,
  UDP_SPECS,
  udpDetector,
} from "../../../src/proto/registry.ts";
import { ALL_SAMPLES, allNeeds, baseNeeds, samplesOver, targetName } from "../../samples/all.ts";
import type { Flight, ProtocolSamples } from "../../samples/samples.ts";
import { inChunks, matched } from "../../support/chunks.ts";
import { assertDatagramLaws, assertLaws } from "../../support/detector_laws.ts";

const SIZES = [[1], [2], [7], [64, 1], [536], [1460], [65_536]];

/** What a person configures: it has no bytes of its own. */
const NOT_A_PROTOCOL: readonly Protocol[] = ["regex"];

for (const samples of ALL_SAMPLES) {
  const { transport, protocol, flights, lookalikes = [] } = samples;
  const target = targetName(samples);
  const isOwn = NOT_A_PROTOCOL.includes(protocol);

  for (const flight of flights) {
    Deno.test(`${target}: "${flight.name}" is recognised in any pieces, and by no other detector`, () => {
      const plain = matched(detectAnyhow(samples, flight, baseNeeds(samples)));
      assert.equal(plain.protocol, protocol);
      assert.equal(plain.fields, undefined, "what no rule looks at is not read");
      assert.deepEqual({ ...plain, ...flight.expected }, plain);
      const full = matched(detectAnyhow(samples, flight, allNeeds(samples)));
      assert.deepEqual(full.fields ?? {}, flight.fields ?? {});
      const { consumed: _, ...expected } = flight.expected ?? {};
      assert.deepEqual({ ...full, ...expected }, full, "what is read beside changes nothing");
      assert.deepEqual(takers(transport, flight), isOwn ? [] : [protocol]);
    });

    if (isOwn) continue;
    Deno.test(`${target}: "${flight.name}" is known at its end though all protocols are sought`, () => {
      const result = sniffAll(transport, flight);
      assert(result.kind === "match", result.kind);
      assert.equal(result.detected.protocol, protocol);
    });
  }

  for (const lookalike of lookalikes) {
    Deno.test(`${target}: "${lookalike.name}" is of no protocol`, () => {
      assert.deepEqual(takers(transport, lookalike), []);
    });
  }
}

Deno.test("TCP_SPECS and UDP_SPECS have each protocol once, the strong before the weak, and samples of each", () => {
  for (const [transport, specs] of [["tcp", TCP_SPECS], ["udp", UDP_SPECS]] as const) {
    const names = specs.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.toSorted(), samplesOver(transport).map((one) => one.protocol).sort());
    const certainties = specs.map(({ certainty }) => certainty);
    assert.deepEqual(certainties, certainties.toSorted());
  }
});

Deno.test("TCP_SPECS has HTTP behind SSH, whose first line could be a request of HTTP", () => {
  assert(TCP_PROTOCOLS.indexOf("ssh") < TCP_PROTOCOLS.indexOf("http"));
});

/** The verdict on a whole flight, after a check that it keeps the laws. */
function detectAnyhow(
  samples: ProtocolSamples,
  { parts }: Flight,
  needs: FieldNeeds,
): Verdict<Detected> {
  if (samples.transport === "udp") {
    const spec = UDP_SPECS.find(({ name }) => name === samples.protocol);
    assert(spec !== undefined);
    const prepared = spec.prepare(needs);
    assertDatagramLaws(prepared, spec.bound, parts);
    return prepared()(parts);
  }
  const spec = TCP_SPECS.find(({ name }) => name === samples.protocol);
  assert(spec !== undefined);
  const prepared = spec.prepare(needs);
  const bytes = only(parts);
  const whole = prepared()(bytes);
  for (const sizes of SIZES) {
    assert.deepEqual(inChunks(prepared(), bytes, sizes), whole);
    assertLaws(prepared, ({ consumed }) => consumed, bytes, sizes);
  }
  return whole;
}

/** The protocols that take a flight for theirs. */
function takers(transport: Transport, { parts }: Flight): Protocol[] {
  const protocols = transport === "tcp"
    ? TCP_PROTOCOLS.filter((name) => tcpDetector(name)(only(parts)).kind === "match")
    : UDP_PROTOCOLS.filter((name) => udpDetector(name)(parts).kind === "match");
  return protocols.filter((name) => !NOT_A_PROTOCOL.includes(name));
}

function sniffAll(transport: Transport, { parts }: Flight): SniffResult {
  return transport === "tcp"
    ? new TcpSniffer(planTcpSniff(TCP_PROTOCOLS)).push(only(parts))
    : new UdpSniffer(planUdpSniff(UDP_PROTOCOLS)).push(parts);
}

function only(parts: readonly Uint8Array[]): Uint8Array {
  assert.equal(parts.length, 1, "the bytes of a connection are one part");
  return parts[0] ?? new Uint8Array(0);
}
