/**
 * Long headers, table by table.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseLongHeader } from "../../../../src/proto/quic/header.ts";
import {
  QUIC_V1,
  QUIC_V2,
  QUIC_VERSIONS,
  unknownVersionName,
} from "../../../../src/proto/quic/versions.ts";
import { concat } from "../../../support/client_hello_builder.ts";
import {
  encodeVarint,
  invariantDatagram,
  longHeaderPacket,
  pingFrame,
  SAMPLE_DCID,
  sealInitial,
} from "../../../support/quic_initial_builder.ts";
import { RFC_9001_SAMPLES, RFC_9369_SAMPLES } from "../../../vectors/quic_samples.ts";

Deno.test("parseLongHeader() reads the sample Initials", () => {
  for (
    const [samples, version] of [[RFC_9001_SAMPLES, QUIC_V1], [RFC_9369_SAMPLES, QUIC_V2]] as const
  ) {
    const client = Uint8Array.fromHex(samples.client.packet);
    assert.deepEqual(parseLongHeader(client, 0), {
      kind: "initial",
      version,
      dcid: SAMPLE_DCID,
      scid: new Uint8Array(0),
      start: 0,
      numberStart: 18,
      end: 1200,
    });
    const server = Uint8Array.fromHex(samples.server.packet);
    assert.deepEqual(parseLongHeader(server, 0), {
      kind: "initial",
      version,
      dcid: new Uint8Array(0),
      scid: Uint8Array.fromHex("f067a5502a4262b5"),
      start: 0,
      numberStart: 18,
      end: server.length,
    });
  }
});

Deno.test("parseLongHeader() reads the sample Retry packets as such", () => {
  for (const samples of [RFC_9001_SAMPLES, RFC_9369_SAMPLES]) {
    assert.equal(parseLongHeader(Uint8Array.fromHex(samples.retry), 0)?.kind, "retry");
  }
});

Deno.test("parseLongHeader() tells packet types apart as each version numbers them", () => {
  for (const version of QUIC_VERSIONS) {
    for (const type of ["zeroRtt", "handshake"] as const) {
      const packet = longHeaderPacket(type, new Uint8Array(40), { version });
      assert.deepEqual(parseLongHeader(packet, 0), {
        kind: type,
        dcid: SAMPLE_DCID,
        end: packet.length,
      });
    }
  }
});

Deno.test("parseLongHeader() finds each of several coalesced packets", () => {
  const first = sealInitial({ token: new Uint8Array(100), frames: [pingFrame()] });
  const second = longHeaderPacket("zeroRtt", new Uint8Array(50));
  const datagram = concat(first, second, sealInitial({ frames: [pingFrame()] }));
  const initial = parseLongHeader(datagram, 0);
  assert(initial?.kind === "initial");
  assert.equal(initial.end, first.length);
  const zeroRtt = parseLongHeader(datagram, initial.end);
  assert(zeroRtt?.kind === "zeroRtt");
  assert.equal(zeroRtt.end, first.length + second.length);
  const last = parseLongHeader(datagram, zeroRtt.end);
  assert(last?.kind === "initial");
  assert.equal(last.start, zeroRtt.end);
  assert.equal(last.end, datagram.length);
});

Deno.test("parseLongHeader() reads an Initial with the QUIC bit cleared", () => {
  const packet = sealInitial({ flipFirst: 0x40, frames: [pingFrame()] });
  assert.equal(parseLongHeader(packet, 0)?.kind, "initial");
});

Deno.test("parseLongHeader() gives the invariants of other versions", () => {
  const dcid = new Uint8Array(255).fill(7);
  const scid = Uint8Array.of(1, 2);
  const datagram = invariantDatagram(0x1a2a3a4a, { dcid, scid });
  assert.deepEqual(parseLongHeader(datagram, 0), {
    kind: "unknownVersion",
    version: 0x1a2a3a4a,
    dcid,
    scid,
  });
});

Deno.test("parseLongHeader() gives null for what is no whole long header packet", () => {
  const whole = sealInitial({ token: new Uint8Array(70), frames: [pingFrame()] });
  for (let length = 0; length < whole.length; length++) {
    assert.equal(parseLongHeader(whole.subarray(0, length), 0), null, `${length} bytes`);
  }
  const short = whole.slice();
  short[0] = 0x40;
  assert.equal(parseLongHeader(short, 0), null, "short header");
  assert.equal(parseLongHeader(whole, whole.length), null, "past the end");
});

Deno.test("parseLongHeader() refuses connection IDs of more than 20 bytes in known versions", () => {
  const fits = { dcid: new Uint8Array(20), scid: new Uint8Array(20) };
  assert.equal(
    parseLongHeader(sealInitial({ ...fits, frames: [pingFrame()] }), 0)?.kind,
    "initial",
  );
  for (const ids of [{ dcid: new Uint8Array(21) }, { scid: new Uint8Array(21) }]) {
    assert.equal(parseLongHeader(sealInitial({ ...ids, frames: [pingFrame()] }), 0), null);
  }
});

Deno.test("parseLongHeader() refuses lengths that exceed the datagram, however large", () => {
  for (const value of [21, 2 ** 14, 2 ** 30, 2 ** 53, 2 ** 62 - 2 ** 10]) {
    const body = concat(Uint8Array.of(0, 0), encodeVarint(value), new Uint8Array(20));
    const initial = concat(
      Uint8Array.of(0xc0, 0, 0, 0, 1),
      body.subarray(0, 2),
      Uint8Array.of(0),
      body.subarray(2),
    );
    assert.equal(parseLongHeader(initial, 0), null, `length ${value}`);
    const token = concat(Uint8Array.of(0xc0, 0, 0, 0, 1), body);
    assert.equal(parseLongHeader(token, 0), null, `token of ${value}`);
  }
});

Deno.test("unknownVersionName() shows all eight digits", () => {
  assert.equal(unknownVersionName(0x1a2a3a4a), "QUIC 0x1a2a3a4a");
  assert.equal(unknownVersionName(0xb), "QUIC 0x0000000b");
});
