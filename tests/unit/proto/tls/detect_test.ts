import assert from "node:assert/strict";
import { MAX_TCP_HEAD } from "../../../../src/model/limits.ts";
import { tlsDetector } from "../../../../src/proto/tls/detect.ts";
import { buildClientHello, concat, toRecords, u16 } from "../../../support/client_hello_builder.ts";
import { inChunks, matched } from "../../../support/chunks.ts";

const HELLO = buildClientHello({
  serverName: "www.example.com",
  alpn: ["h2", "http/1.1"],
  supportedVersions: [0x0304],
  keyShareLength: 1216,
  echPayloadLength: 200,
});

/** The verdict in one chunk, after a check that it is the same byte by byte; malformed ones by their code. */
function verdictOf(bytes: Uint8Array): string {
  const verdict = tlsDetector()(bytes);
  assert.deepEqual(inChunks(tlsDetector(), bytes, [1]), verdict);
  return verdict.kind === "malformed" ? verdict.code : verdict.kind;
}

function record(type: number, payload: Uint8Array, version = 0x0303): Uint8Array {
  return concat(Uint8Array.of(type), u16(version), u16(payload.length), payload);
}

Deno.test("tlsDetector() tells what a ClientHello says, however its records cut it", () => {
  for (const sizes of [[16384], [1], [3, 1, 16384], [4, 16384], [5, 100], [HELLO.length - 1]]) {
    const bytes = toRecords(HELLO, sizes);
    assert.deepEqual(matched(tlsDetector()(bytes)), {
      protocol: "tls",
      sni: "www.example.com",
      alpn: ["h2", "http/1.1"],
      ech: true,
      version: "TLS 1.3",
      consumed: bytes.length,
    });
  }
});

Deno.test("tlsDetector() does not look at what is coalesced behind the hello", () => {
  const changeCipherSpec = record(20, Uint8Array.of(1));
  const earlyData = record(23, new Uint8Array(1000).fill(0xee));
  for (const sizes of [[16384], [500]]) {
    const bytes = toRecords(HELLO, sizes);
    for (const more of [changeCipherSpec, earlyData, new Uint8Array(99).fill(0xff)]) {
      assert.equal(matched(tlsDetector()(concat(bytes, more))).consumed, bytes.length);
    }
  }
});

Deno.test("tlsDetector() rests on the hello's last byte where its record holds more", () => {
  const bytes = toRecords(concat(HELLO, Uint8Array.of(11, 0, 0, 9)));
  assert.equal(matched(tlsDetector()(bytes)).consumed, 5 + HELLO.length);
  assert.equal(
    matched(tlsDetector()(bytes.subarray(0, 5 + HELLO.length))).consumed,
    5 + HELLO.length,
  );
});

Deno.test("tlsDetector() takes any minor version in the record, as the rules want", () => {
  for (const version of [0x0300, 0x0301, 0x0303, 0x0304, 0x037f]) {
    assert.equal(verdictOf(toRecords(HELLO, [700], version)), "match");
  }
});

Deno.test("tlsDetector() reads a hello of 64 KiB in one record after the other", () => {
  const large = buildClientHello({
    serverName: "large.example",
    extensions: [{ type: 21, data: new Uint8Array(65_000) }],
  });
  assert.equal(matched(tlsDetector()(toRecords(large))).sni, "large.example");
});

Deno.test("tlsDetector() says no at the first byte that shows another protocol", () => {
  for (
    const start of [
      [0x15],
      [0x17],
      [0x80, 0x2e, 0x01, 0x00, 0x02], // ClientHello in an SSL 2.0 record
      [0x47, 0x45, 0x54],
      [0x16, 0x02],
      [0x16, 0xfe, 0xfd], // DTLS
      [0x16, 0x03, 0x01, 0x00, 0x00], // empty fragment
      [0x16, 0x03, 0x01, 0x40, 0x01], // more than 2^14 bytes
      [0x16, 0x03, 0x01, 0x00, 0x05, 0x02], // ServerHello
      [0x16, 0x03, 0x01, 0x00, 0x01, 0x0b, 0x99],
    ]
  ) {
    const bytes = Uint8Array.from(start);
    assert.equal(verdictOf(bytes), "noMatch", String(start));
  }
});

Deno.test("tlsDetector() needs more for every prefix of a hello", () => {
  const bytes = toRecords(HELLO, [600]);
  for (let end = 0; end < bytes.length; end++) {
    assert.equal(tlsDetector()(bytes.subarray(0, end)).kind, "needMore");
  }
});

Deno.test("tlsDetector() tells broken records within a hello from another protocol", () => {
  const start = toRecords(HELLO.subarray(0, 100));
  const faults: Record<string, readonly [Uint8Array, string]> = {
    "alert between fragments": [record(21, Uint8Array.of(1, 0)), "bad_value"],
    "CCS between fragments": [record(20, Uint8Array.of(1)), "bad_value"],
    "version of SSL 2.0 in a later record": [record(22, HELLO, 0x0200), "bad_value"],
    "empty fragment": [record(22, new Uint8Array(0)), "bad_length"],
    "oversized fragment": [record(22, new Uint8Array(16_385)), "bad_length"],
  };
  for (const [what, [next, code]] of Object.entries(faults)) {
    assert.equal(verdictOf(concat(start, next)), code, what);
  }
});

Deno.test("tlsDetector() refuses a hello that announces more than 64 KiB", () => {
  assert.equal(verdictOf(record(22, Uint8Array.of(1, 1, 0, 1))), "too_long");
});

Deno.test("tlsDetector() gives up where record headers swell a hello beyond the bound of the head", () => {
  const large = buildClientHello({ extensions: [{ type: 21, data: new Uint8Array(40_000) }] });
  const bytes = toRecords(large, [1]);
  assert(bytes.length > MAX_TCP_HEAD);
  const detector = tlsDetector();
  assert.equal(detector(bytes.subarray(0, MAX_TCP_HEAD - 1)).kind, "needMore");
  const verdict = { kind: "malformed", code: "too_long" };
  assert.deepEqual(detector(bytes.subarray(0, MAX_TCP_HEAD)), verdict);
  assert.deepEqual(tlsDetector()(bytes), verdict);
});
