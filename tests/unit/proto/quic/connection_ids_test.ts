import assert from "node:assert/strict";
import {
  givenConnectionId,
  hasFixedBit,
  hasShortHeader,
  longDestinationId,
  shortDestinationId,
} from "../../../../src/proto/quic/connection_ids.ts";
import { QUIC_V2 } from "../../../../src/proto/quic/versions.ts";

const DCID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const SCID = Uint8Array.of(9, 9, 9, 9);

/** @param first the first byte, with the header form and the type */
function longHeader(first: number, version: number, dcid = DCID, scid = SCID): Uint8Array {
  const words = [24, 16, 8, 0].map((shift) => version >>> shift);
  return Uint8Array.of(first, ...words, dcid.length, ...dcid, scid.length, ...scid, 7, 7, 7);
}

Deno.test("givenConnectionId() is the source of a long header, of whatever type and version", () => {
  for (const first of [0xc0, 0xd0, 0xe0, 0xf0, 0x80]) {
    for (const version of [1, QUIC_V2.id, 0x1a2a3a4a]) {
      assert.deepEqual(givenConnectionId(longHeader(first, version)), SCID);
    }
  }
});

Deno.test("givenConnectionId() is null when none is given", () => {
  assert.equal(givenConnectionId(longHeader(0xc0, 0)), null, "Version Negotiation");
  assert.equal(givenConnectionId(longHeader(0xc0, 1, DCID, new Uint8Array(0))), null, "empty");
  assert.equal(givenConnectionId(longHeader(0xc0, 1, DCID, new Uint8Array(21))), null, "too long");
  assert.equal(givenConnectionId(longHeader(0x40, 1)), null, "a short header");
  assert.equal(givenConnectionId(new Uint8Array(0)), null, "nothing");
});

Deno.test("givenConnectionId() and longDestinationId() are null when the header is cut", () => {
  const whole = longHeader(0xe0, 1);
  for (let length = 0; length < whole.length - 3; length++) {
    assert.equal(givenConnectionId(whole.subarray(0, length)), null);
    assert.equal(longDestinationId(whole.subarray(0, length)), null);
  }
});

Deno.test("longDestinationId() is the destination, but for 0-RTT", () => {
  assert.deepEqual(longDestinationId(longHeader(0xe0, 1)), DCID);
  assert.deepEqual(longDestinationId(longHeader(0xd0, 0x1a2a3a4a)), DCID);
  assert.equal(longDestinationId(longHeader(0xd0, 1)), null);
  assert.equal(longDestinationId(longHeader(0xe0, QUIC_V2.id)), null);
  assert.deepEqual(longDestinationId(longHeader(0xd0, QUIC_V2.id)), DCID);
  assert.equal(longDestinationId(longHeader(0xc0, 0)), null);
});

Deno.test("shortDestinationId() is what stands behind the first byte", () => {
  const datagram = Uint8Array.of(0x41, ...DCID, 5);
  assert.ok(hasShortHeader(datagram) && hasFixedBit(datagram));
  assert.deepEqual(shortDestinationId(datagram, 8), DCID);
  assert.deepEqual(shortDestinationId(datagram, 4), DCID.subarray(0, 4));
  assert.equal(shortDestinationId(datagram, 10), null);
});

Deno.test("hasShortHeader() tells short headers from long ones, and from nothing", () => {
  assert.equal(hasShortHeader(longHeader(0xc0, 1)), false);
  assert.equal(hasShortHeader(Uint8Array.of(0x40)), false);
  assert.equal(hasShortHeader(new Uint8Array(0)), false);
  assert.equal(hasFixedBit(Uint8Array.of(0x3f, 1)), false);
});
