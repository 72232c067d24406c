/**
 * The parsers of a TCP connection's first bytes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_PROXY_HEADER, MAX_TCP_HEAD } from "../../src/model/limits.ts";
import type { Detected } from "../../src/model/protocol.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { NO_MATCH } from "../../src/model/verdict.ts";
import { TcpSniffer } from "../../src/pipeline/sniff.ts";
import { planTcpSniff } from "../../src/pipeline/sniff_plan.ts";
import { MALFORMED } from "../../src/proto/malformed.ts";
import { encodeProxyHeader, parseProxyHeader } from "../../src/proto/proxy_protocol.ts";
import { TCP_PROTOCOLS, TCP_SPECS, tcpDetector } from "../../src/proto/registry.ts";
import { allNeeds, baseNeeds, samplesOver, specOver, targetName } from "../samples/all.ts";
import type { ProtocolSamples } from "../samples/samples.ts";
import { concat, latin1 } from "../support/client_hello_builder.ts";
import { assertLaws } from "../support/detector_laws.ts";
import { buildProxyV2, tlv } from "../support/proxy_header_builder.ts";
import { countReads } from "./count_reads.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { type FuzzTarget, onlyPart } from "./target.ts";

/** First flights of all protocols. */
const ALL_FLIGHTS = samplesOver("tcp").flatMap(({ flights }) => flights)
  .map(({ parts }) => onlyPart(parts));

/** The detectors of protocols over TCP, each with flights of its own and in the sniffer that asks them all. */
export const STREAM_TARGETS: readonly FuzzTarget[] = [
  ...samplesOver("tcp").map(detectorTarget),
  {
    name: "proxy_header",
    generate: (random) => {
      const header = random.oneIn(2) ? proxyV1(random) : proxyV2(random);
      const bytes = concat(header, random.bytes(random.below(10)));
      return [random.oneIn(2) ? bytes : mutate(random, bytes, ALL_FLIGHTS)];
    },
    check: (input, random) => checkProxyHeader(onlyPart(input), random),
  },
];

function detectorTarget(samples: ProtocolSamples): FuzzTarget {
  const { flights } = samples;
  const spec = specOver("tcp", samples);
  const plain = spec.prepare(baseNeeds(samples));
  const wanting = spec.prepare(allNeeds(samples));
  return {
    name: targetName(samples),
    generate: (random) => {
      const bytes = onlyPart(
        random.oneIn(3) ? random.pick(flights).parts : samples.generate(random),
      );
      return [random.oneIn(3) ? bytes : mutate(random, bytes, ALL_FLIGHTS)];
    },
    check: (input, random) => {
      const bytes = onlyPart(input);
      const strong = TCP_SPECS.filter(({ certainty }) => certainty === "strong");
      const matching = strong.filter(({ name }) => tcpDetector(name)(bytes).kind === "match");
      assert.ok(matching.length <= 1, `one protocol at most: ${matching.map(({ name }) => name)}`);
      checkStream(plain, ({ consumed }) => consumed, bytes, random);
      if (spec.fields.length > 0) checkStream(wanting, ({ consumed }) => consumed, bytes, random);
      checkStream(sniffer, ({ consumed }) => consumed, bytes, random);
      const filled = concat(bytes, new Uint8Array(MAX_TCP_HEAD).fill(random.u32()));
      const end = filled.subarray(0, MAX_TCP_HEAD);
      assert.notEqual(sniffer()(end).kind, "needMore", "the need for more ends");
      for (const parser of [plain, wanting]) {
        const kind = parser()(end.subarray(0, spec.bound)).kind;
        assert.notEqual(kind, "needMore", "and that of the detector at its bound");
      }
      return plain()(bytes).kind;
    },
  };
}

const EVERY_PROTOCOL = planTcpSniff(TCP_PROTOCOLS);

/** The sniffer with every protocol sought, its answers told as a parser's verdicts. */
function sniffer(): (head: Uint8Array) => Verdict<Detected> {
  const all = new TcpSniffer(EVERY_PROTOCOL);
  return (head) => {
    const result = all.push(head);
    switch (result.kind) {
      case "match":
        return { kind: "match", value: result.detected };
      case "malformed":
        return MALFORMED[result.code];
      case "none":
        return NO_MATCH;
      case "needMore":
        return result;
    }
  };
}

function checkStream<T>(
  parser: () => (head: Uint8Array) => Verdict<T>,
  consumedBy: (value: T) => number,
  bytes: Uint8Array,
  random: Random,
): void {
  assertLaws(parser, consumedBy, bytes, random.list(1, 8, () => random.between(1, 300)));
  // Costly, but a long input shows what many short ones do not.
  if (bytes.length > 10_000 || random.oneIn(8)) assertLinearWork(parser(), bytes);
}

/** Bytes that one call may look at again, such as a method, a preface, or the methods of SOCKS5, one with the others. */
const READS_PER_CALL = 600;

/** How often a byte may be looked at otherwise. */
const READS_PER_BYTE = 20;

/** How often in calls that look at more: a line is read when it is whole, behind which a parser may need more. */
const REREADS_PER_BYTE = 2;

/** Shows a parser one byte more at a time and counts how many it looks at. */
function assertLinearWork<T>(parser: (head: Uint8Array) => Verdict<T>, bytes: Uint8Array): void {
  const reads = { bytes: 0 };
  let calls = 0;
  let rereads = 0;
  let kind = "needMore";
  for (let end = 1; end <= bytes.length && kind === "needMore"; end++) {
    calls++;
    const before = reads.bytes;
    kind = parser(countReads(bytes.subarray(0, end), reads)).kind;
    if (kind === "needMore") {
      rereads += Math.max(0, reads.bytes - before - READS_PER_CALL);
      assert.ok(
        rereads <= REREADS_PER_BYTE * end,
        `${reads.bytes - before} reads in one call, ${rereads} too many in all`,
      );
    }
  }
  assert.ok(reads.bytes <= READS_PER_CALL * calls + READS_PER_BYTE * bytes.length, "linear work");
}

function proxyV1(random: Random): Uint8Array {
  const address = () =>
    random.pick(["1.2.3.4", "01.2.3.4", "256.0.0.1", "::1", "::ffff:1.2.3.4", "[::1]", "a"]);
  const port = () => random.pick(["0", "1", "65535", "65536", "080", "-1", ""]);
  return latin1(
    `PROXY ${random.pick(["TCP4", "TCP6", "UNKNOWN", "UDP4", "tcp4", ""])}` +
      random.pick([" ", " ", "  ", ""]) +
      [address(), address(), port(), port(), ...random.list(0, 1, port)].join(" ") +
      random.pick(["\r\n", "\r\n", "\n", "\r", ""]),
  );
}

function proxyV2(random: Random): Uint8Array {
  const family = random.below(5);
  const width = [0, 12, 36, 216, 12][family] ?? 0;
  const types = [1, 3, 3, 4, 5, 0x20, 0x30, 0xff];
  const vectors = random.list(
    0,
    4,
    () => tlv(random.pick(types), random.bytes(random.pick([0, 4, 4, 9]))),
  );
  const body = concat(random.bytes(random.oneIn(10) ? random.below(40) : width), ...vectors);
  const padded = random.oneIn(30) ? concat(body, tlv(4, new Uint8Array(4100 - body.length))) : body;
  const header = buildProxyV2({
    versionAndCommand: random.pick([0x21, 0x21, 0x21, 0x20, 0x22, 0x11]),
    familyAndTransport: family << 4 | random.below(4),
    body: padded,
    ...(random.oneIn(10) ? { length: random.below(300) } : {}),
  });
  if (random.oneIn(2)) return header;
  const source = { host: "192.0.2.1", port: 1 };
  const tlvs = concat(...vectors, tlv(3, new Uint8Array(4)));
  return encodeProxyHeader("v2", { source, destination: source, tlvs });
}

function checkProxyHeader(bytes: Uint8Array, random: Random): string {
  checkStream(() => parseProxyHeader, ({ length }) => length, bytes, random);
  const filled = concat(bytes, new Uint8Array(MAX_PROXY_HEADER).fill(random.u32()));
  const end = filled.subarray(0, MAX_PROXY_HEADER);
  assert.notEqual(parseProxyHeader(end).kind, "needMore", "the need for more ends");

  const verdict = parseProxyHeader(bytes);
  if (
    verdict.kind === "match" && verdict.value.source !== null && verdict.value.destination !== null
  ) {
    const { source, destination, tlvs } = verdict.value;
    const again = parseProxyHeader(encodeProxyHeader("v2", { source, destination, tlvs }));
    assert.ok(again.kind === "match", "what was read can be written");
    assert.deepEqual([again.value.source, again.value.destination], [source, destination]);
    assert.equal(again.value.tlvs?.length, tlvs?.length);
  }
  return verdict.kind;
}
