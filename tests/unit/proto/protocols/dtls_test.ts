/**
 * DTLS detection, flow by flow.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_HELD_DATAGRAMS } from "../../../../src/model/limits.ts";
import type { Detected } from "../../../../src/model/protocol.ts";
import type { MalformedCode, Verdict } from "../../../../src/model/verdict.ts";
import { DtlsDetector } from "../../../../src/proto/protocols/dtls.ts";
import { matched } from "../../../support/chunks.ts";
import { buildClientHello, concat } from "../../../support/client_hello_builder.ts";
import {
  dtlsFragment,
  dtlsRecord,
  toDtlsHello,
  toDtlsRecords,
} from "../../../support/dtls_builder.ts";

const MESSAGE = buildClientHello({ serverName: "Dtls.Example.", alpn: ["webrtc", "c-webrtc"] });
const HELLO = toDtlsHello(MESSAGE);
const DETECTED: Detected = {
  protocol: "dtls",
  sni: "dtls.example",
  alpn: ["webrtc", "c-webrtc"],
  ech: false,
  version: "DTLS 1.2",
  consumed: 1,
};

Deno.test("DtlsDetector.detect() reads a hello with and without a cookie, of any number", () => {
  for (const cookieLength of [0, 1, 20, 255]) {
    for (const sequence of [0, 1, 2]) {
      const body = toDtlsHello(MESSAGE, { cookie: new Uint8Array(cookieLength).fill(7) });
      assert.deepEqual(detect(toDtlsRecords(body, { sequence })), whole({}));
    }
  }
});

Deno.test("DtlsDetector.detect() tells the newest version that is offered", () => {
  for (
    const [version, expected] of [
      [0xfefd, "DTLS 1.2"],
      [0xfeff, "DTLS 1.0"],
      [0x0100, "DTLS 0.9"],
      [0xfefa, null],
    ] as const
  ) {
    const body = toDtlsHello(MESSAGE, { version });
    assert.deepEqual(detect(toDtlsRecords(body)), whole({ version: expected }));
  }
  const offered = buildClientHello({ supportedVersions: [0x1a1a, 0xfefd, 0xfefc] });
  assert.equal(matched(detect(toDtlsRecords(toDtlsHello(offered)))).version, "DTLS 1.3");
});

Deno.test("DtlsDetector.detect() takes records of all versions", () => {
  for (const version of [0xfeff, 0xfefd, 0x0100]) {
    assert.deepEqual(detect(toDtlsRecords(HELLO, { version })), whole({}));
  }
});

Deno.test("DtlsDetector.detect() puts fragments together in any order, cut and repeated in any way", () => {
  const halves = toDtlsRecords(HELLO, { sizes: [60] });
  const thirds = toDtlsRecords(HELLO, { sizes: [40] });
  const flights = [
    halves,
    halves.toReversed(),
    [...halves.slice(0, 1), ...thirds],
    [...thirds.slice(2), ...thirds.slice(0, 1), ...thirds],
    toDtlsRecords(HELLO, { sizes: [15] }),
  ];
  for (const flight of flights) {
    const verdict = detect(flight);
    assert.deepEqual(verdict, whole({ consumed: matched(verdict).consumed }));
    assert(matched(verdict).consumed > 1);
  }
});

Deno.test("DtlsDetector.detect() reads several records of a datagram, and several fragments of a record", () => {
  assert.deepEqual(detect([concat(...toDtlsRecords(HELLO, { sizes: [50] }))]), whole({}));
  const { length } = HELLO;
  const record = dtlsRecord(concat(
    dtlsFragment(HELLO.subarray(0, 50), { length }),
    dtlsFragment(HELLO.subarray(50), { length, offset: 50 }),
  ));
  assert.deepEqual(detect([record]), whole({}));
});

Deno.test("DtlsDetector.detect() passes over what is not of the hello that it waits for", () => {
  const [first, second] = [toDtlsRecords(HELLO, { sizes: [60] }).slice(0, 1), [
    concat(...toDtlsRecords(HELLO, { sizes: [60] }).slice(1)),
  ]];
  const strays: [string, Uint8Array][] = [
    ["an empty datagram", new Uint8Array(0)],
    ["an alert", dtlsRecord(Uint8Array.of(2, 40), { type: 21 })],
    ["a hello of another number", concat(...toDtlsRecords(HELLO, { sequence: 1 }))],
    ["an encrypted record", new Uint8Array(60).fill(0x2f)],
    ["a record cut short", concat(...second).subarray(0, 30)],
  ];
  for (const [name, stray] of strays) {
    assert.deepEqual(detect([...first, stray, ...second]), whole({ consumed: 3 }), name);
  }
});

Deno.test("DtlsDetector.detect() leaves alone what stands behind the hello in its datagram", () => {
  const [record = new Uint8Array(0)] = toDtlsRecords(HELLO);
  for (const rest of [Uint8Array.of(22), Uint8Array.of(0x2e, 1, 2), new Uint8Array(40).fill(22)]) {
    assert.deepEqual(detect([concat(record, rest)]), whole({}));
  }
});

Deno.test("DtlsDetector.detect() says no at once to a first datagram without a fragment of a hello", () => {
  const { length } = HELLO;
  const record = (payload: Uint8Array, header = {}) => dtlsRecord(payload, header);
  const whole = dtlsFragment(HELLO);
  const others: [string, Uint8Array][] = [
    ["an empty datagram", new Uint8Array(0)],
    ["one byte", Uint8Array.of(22)],
    ["a record header alone", record(whole).subarray(0, 13)],
    ["a fragment header alone", record(whole.subarray(0, 12))],
    ["another content type", record(whole, { type: 23 })],
    ["a record of TLS", record(whole, { version: 0x0303 })],
    ["an unknown version", record(whole, { version: 0xfefc })],
    ["another epoch", record(whole, { epoch: 1 })],
    ["a record longer than its datagram", record(whole, { size: whole.length + 1 })],
    ["an empty record", record(new Uint8Array(0))],
    ["a HelloVerifyRequest", record(dtlsFragment(HELLO, { type: 3 }))],
    ["a fragment longer than its record", record(dtlsFragment(HELLO, { size: length + 1 }))],
    ["an empty fragment", record(dtlsFragment(new Uint8Array(0), { length }))],
    ["a fragment past the end", record(dtlsFragment(HELLO, { length, offset: 1 }))],
    ["too short a hello", record(dtlsFragment(HELLO.subarray(0, 41), { length: 41 }))],
    ["too long a hello", record(dtlsFragment(HELLO, { length: 0x10001 }))],
  ];
  for (const [name, datagram] of others) {
    assert.equal(detect([datagram]).kind, "noMatch", name);
    assert.equal(detect([datagram, record(whole)]).kind, "noMatch", `${name}: final`);
  }
});

Deno.test("DtlsDetector.detect() calls a hello that contradicts itself or breaks the rules malformed", () => {
  const { length } = HELLO;
  const start = dtlsRecord(dtlsFragment(HELLO.subarray(0, 60), { length }));
  const other = HELLO.with(55, 0xff);
  const sequel = (bytes: Uint8Array, header: object) => dtlsRecord(dtlsFragment(bytes, header));
  const faults: [string, readonly Uint8Array[], MalformedCode][] = [
    [
      "two lengths",
      [start, sequel(HELLO.subarray(60), { length: length + 1, offset: 60 })],
      "bad_length",
    ],
    ["two contents", [start, sequel(other.subarray(50), { length, offset: 50 })], "bad_value"],
    ["a version of TLS", toDtlsRecords(toDtlsHello(MESSAGE, { version: 0x0303 })), "bad_value"],
    ["a cookie past the end", toDtlsRecords(HELLO.with(67, 0xff)), "bad_value"],
    ["a broken list of ciphers", toDtlsRecords(HELLO.with(69, 0xff)), "bad_length"],
    [
      "bytes behind the extensions",
      toDtlsRecords(concat(HELLO, Uint8Array.of(0))),
      "trailing_bytes",
    ],
  ];
  for (const [name, flight, code] of faults) {
    assert.deepEqual(detect(flight), { kind: "malformed", code }, name);
  }
});

Deno.test("DtlsDetector.detect() comes to an end when a hello never becomes whole", () => {
  const [start = new Uint8Array(0)] = toDtlsRecords(HELLO, { sizes: [60] });
  const starts = new Array<Uint8Array>(MAX_HELD_DATAGRAMS).fill(start);
  assert.equal(detect(starts.slice(1)).kind, "needMore");
  assert.deepEqual(detect(starts), { kind: "malformed", code: "too_long" });
});

Deno.test("DtlsDetector.detect() keeps nothing of the datagrams that it was shown", () => {
  const detector = new DtlsDetector();
  const [start = new Uint8Array(0), ...rest] = toDtlsRecords(HELLO, { sizes: [60] });
  assert.equal(detector.detect([]).kind, "needMore");
  assert.equal(detector.detect([start]).kind, "needMore");
  start.fill(0);
  assert.deepEqual(detector.detect([start, concat(...rest)]), whole({ consumed: 2 }));
});

function detect(held: readonly Uint8Array[]): Verdict<Detected> {
  return new DtlsDetector().detect(held);
}

function whole(differences: Partial<Detected>): Verdict<Detected> {
  return { kind: "match", value: { ...DETECTED, ...differences } };
}
