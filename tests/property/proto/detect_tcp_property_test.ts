import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_NEEDS } from "../../../src/proto/detector.ts";
import { TCP_SPECS, tcpDetector } from "../../../src/proto/registry.ts";
import { allNeeds, samplesOver } from "../../samples/all.ts";
import { latin1 } from "../../support/client_hello_builder.ts";
import { matched } from "../../support/chunks.ts";
import { assertLaws, chunkSizes, mutate, mutations } from "../../support/detector_laws.ts";

const SAMPLES = samplesOver("tcp");
const flight = fc.constantFrom(
  ...SAMPLES.flatMap(({ flights }) => flights).flatMap(({ parts }) => parts),
);
const spec = fc.constantFrom(...TCP_SPECS);

/** Bytes that look like the start of a protocol for a while. */
const nearly = fc
  .tuple(
    fc.constantFrom(
      "GET / ",
      "POST ",
      "PRI * HTTP/2.0\r\n",
      "\r\n",
      "SSH-2.",
      "\x05\x02",
      "\x16\x03",
    ),
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 40 }).map(latin1)),
  )
  .map(([start, rest]) => new Uint8Array([...latin1(start), ...rest]));

const anything = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  nearly,
  fc.tuple(flight, mutations).map(([bytes, changes]) => mutate(bytes, changes)),
);

for (const { name, prepare } of TCP_SPECS) {
  const wanting = SAMPLES.filter(({ protocol }) => protocol === name).map(allNeeds);
  for (const needs of [NO_NEEDS, ...wanting]) {
    const detector = prepare(needs);
    Deno.test(`${name} keeps the laws with ${needs.fields.size} fields, whatever the bytes are`, () => {
      fc.assert(fc.property(anything, chunkSizes, (bytes, sizes) => {
        assertLaws(detector, (value) => value.consumed, bytes, sizes);
      }));
    });
  }
}

Deno.test("TCP_SPECS leave no bytes to two strong protocols", () => {
  const strong = TCP_SPECS.filter(({ certainty }) => certainty === "strong");
  fc.assert(fc.property(anything, (bytes) => {
    const matching = strong.filter(({ name }) => tcpDetector(name)(bytes).kind === "match");
    assert(matching.length <= 1, matching.map(({ name }) => name).join());
  }));
});

Deno.test("tcpDetector() does not change the bytes", () => {
  fc.assert(fc.property(anything, spec, (bytes, { name }) => {
    const before = bytes.slice();
    tcpDetector(name)(bytes);
    assert.deepEqual(bytes, before);
  }));
});

Deno.test("TCP_SPECS need no more at their bounds", () => {
  const filler = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(anything, filler, spec, (start, byte, { name, bound }) => {
      const bytes = new Uint8Array(bound).fill(byte);
      bytes.set(start.subarray(0, bytes.length));
      assert.notEqual(tcpDetector(name)(bytes).kind, "needMore");
    }),
  );
});

Deno.test("tcpDetector() recognises every HTTP/1.x request line", () => {
  const method = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/).filter((m) => m !== "PRI");
  // A brace belongs to NATS, a less-than sign to syslog; no form of a target begins so (RFC 9112 §3.2).
  const target = fc.stringMatching(/^[!-;=-z|}~\x80-\xff][!-~\x80-\xff]{0,199}$/);
  const emptyLines = fc.constantFrom("", "\r\n", "\n\r\n");
  const lineEnd = fc.constantFrom("\r\n", "\n");
  fc.assert(
    fc.property(
      emptyLines,
      method,
      target,
      fc.nat({ max: 9 }),
      lineEnd,
      chunkSizes,
      (empty, verb, uri, minor, end, sizes) => {
        const line = `${empty}${verb} ${uri} HTTP/1.${minor}${end}`;
        const bytes = latin1(`${line}Host: a\r\n`);
        const detected = matched(tcpDetector("http")(bytes));
        assert.equal(detected.version, `HTTP/1.${minor}`);
        assert.equal(detected.consumed, line.length);
        assertLaws(() => tcpDetector("http"), (value) => value.consumed, bytes, sizes);
      },
    ),
  );
});
