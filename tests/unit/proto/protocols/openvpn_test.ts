/**
 * Resets of OpenVPN.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Detected } from "../../../../src/model/protocol.ts";
import type { Verdict } from "../../../../src/model/verdict.ts";
import { detectOpenVpnTcp, detectOpenVpnUdp } from "../../../../src/proto/protocols/openvpn.ts";
import { concat, vector16 } from "../../../support/client_hello_builder.ts";

const SESSION = "0102030405060708";
const PLAIN = hex("38", SESSION, "00", "00000000");
const TLS_CRYPT = hex("38", SESSION, "00000001", "6553f100", "aa".repeat(37));

Deno.test("detectOpenVpnTcp() and detectOpenVpnUdp() know a reset by its length, in each wrapping", () => {
  whole(PLAIN, PLAIN.length);
  for (const hmac of [16, 20, 28, 32, 48, 64]) {
    const reset = tlsAuth(hmac);
    whole(reset, reset.length);
  }
  whole(TLS_CRYPT, 13);
  for (const length of [290, 299, 1024]) whole(tlsCryptV2(length), 13);
});

Deno.test("detectOpenVpnTcp() and detectOpenVpnUdp() refuse every other length", () => {
  const lengths = new Set([14, 38, 42, 50, 54, 70, 86]);
  for (let length = 0; length < 1200; length++) {
    const zeros = new Uint8Array(length);
    zeros.set(hex("38").subarray(0, length));
    if (length > 16) zeros.fill(1, length - 10, length - 9); // the last byte of a replay ID
    const expected = lengths.has(length) ? "match" : "noMatch";
    assert.equal(udp(zeros), expected, `${length}`);
    assert.equal(tcp(vector16(zeros)), expected, `${length}`);
  }
});

Deno.test("detectOpenVpnTcp() takes no message of DNS for a reset, as soon as its header is there", () => {
  const query = hex("0036", "0807", "0100", "0001000000000000", "0161");
  assert.equal(tcp(query.subarray(0, 13)), "needMore");
  assert.equal(tcp(query.subarray(0, 14)), "noMatch");
  const reset = tlsAuth(28);
  reset.set(hex("0807", "2800", "0001"));
  assert.equal(tcp(vector16(reset)), "noMatch");
});

Deno.test("detectOpenVpnTcp() and detectOpenVpnUdp() ask for a wrapped key of a length that it can have", () => {
  for (const length of [289, 1025]) {
    assert.equal(udp(tlsCryptV2(length)), "noMatch");
    assert.equal(tcp(vector16(tlsCryptV2(length))), "noMatch");
  }
  const other = tlsCryptV2(299);
  assert.equal(udp(other.with(-1, 0x2c)), "noMatch", "which it tells at its end");
});

Deno.test("detectOpenVpnUdp() asks for a replay ID of the first packets", () => {
  const ids: [string, string][] = [
    ["00000001", "match"],
    ["000000ff", "match"],
    ["0f000001", "match"],
    ["00000000", "noMatch"],
    ["0f000000", "noMatch"],
    ["00000100", "noMatch"],
    ["00010001", "noMatch"],
    ["01000001", "noMatch"],
  ];
  for (const [id, expected] of ids) {
    assert.equal(udp(hex("38", SESSION, id, "6553f100", "aa".repeat(37))), expected, id);
    assert.equal(udp(tlsAuth(20, id)), expected, id);
  }
});

Deno.test("detectOpenVpnUdp() takes a reset with HMAC-SHA-256, which is as long as one of tls-crypt", () => {
  const reset = hex("38", SESSION, "00".repeat(32), "00000001", "6553f100", "00", "00000000");
  assert.equal(reset.length, TLS_CRYPT.length);
  assert.equal(udp(reset), "match");
  assert.equal(udp(reset.with(-1, 1)), "noMatch");
});

Deno.test("detectOpenVpnUdp() takes nothing that a client does not begin with", () => {
  const others: [string, Uint8Array][] = [
    ["empty", new Uint8Array(0)],
    ["a reset of the server", PLAIN.with(0, 0x40)],
    ["a soft reset", PLAIN.with(0, 0x18)],
    ["data", PLAIN.with(0, 0x30)],
    ["another key ID", PLAIN.with(0, 0x39)],
    ["an acknowledgement", PLAIN.with(9, 1)],
    ["a later packet", PLAIN.with(13, 1)],
    ["tls-crypt of version 1", TLS_CRYPT.with(0, 0x08)],
    ["tls-crypt-v2 of version 2", tlsCryptV2(299).with(0, 0x38)],
    ["two packets", concat(PLAIN, PLAIN)],
  ];
  for (const [name, datagram] of others) assert.equal(udp(datagram), "noMatch", name);
});

Deno.test("detectOpenVpnTcp() refuses at the first byte that cannot be", () => {
  const reset = vector16(tlsAuth(20));
  const trailer = reset.length - 5;
  for (
    const [index, value] of [[0, 5], [1, 43], [2, 0x40], [trailer - 8, 1], [trailer, 1]] as const
  ) {
    const other = reset.with(index, value);
    assert.equal(tcp(other.subarray(0, index)), "needMore", `${index} bytes`);
    assert.equal(tcp(other.subarray(0, index + 1)), "noMatch", `byte ${index}`);
  }
  assert.equal(tcp(new Uint8Array(0)), "needMore");
});

Deno.test("detectOpenVpnUdp() judges by the first datagram alone", () => {
  assert.equal(detectOpenVpnUdp([]).kind, "needMore");
  assert.equal(detectOpenVpnUdp([PLAIN, Uint8Array.of(1)]).kind, "match");
  assert.equal(detectOpenVpnUdp([Uint8Array.of(1), PLAIN]).kind, "noMatch");
});

/** Over UDP the datagram is needed, over TCP what comes up to the proof. */
function whole(reset: Uint8Array, proof: number): void {
  assert.deepEqual(detectOpenVpnUdp([reset]), found(1));
  const stream = vector16(reset);
  assert.deepEqual(detectOpenVpnTcp(stream), found(2 + proof));
  for (let length = 0; length < 2 + proof; length++) {
    assert.equal(tcp(stream.subarray(0, length)), "needMore");
  }
}

function found(consumed: number): Verdict<Detected> {
  return {
    kind: "match",
    value: { protocol: "openvpn", sni: null, alpn: [], ech: false, version: null, consumed },
  };
}

function udp(datagram: Uint8Array): string {
  return detectOpenVpnUdp([datagram]).kind;
}

function tcp(head: Uint8Array): string {
  return detectOpenVpnTcp(head).kind;
}

function tlsAuth(hmac: number, replayId = "00000001"): Uint8Array {
  return hex("38", SESSION, "aa".repeat(hmac), replayId, "6553f100", "00", "00000000");
}

function tlsCryptV2(length: number): Uint8Array {
  const end = length.toString(16).padStart(4, "0");
  return hex("50", SESSION, "0f000001", "6553f100", "aa".repeat(37 + length - 2), end);
}

function hex(...parts: readonly string[]): Uint8Array {
  return Uint8Array.fromHex(parts.join(""));
}
