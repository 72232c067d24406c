/**
 * WireGuard's handshake initiation.
 *
 * @module
 */

import assert from "node:assert/strict";
import { detectWireGuard } from "../../../../src/proto/protocols/wireguard.ts";

Deno.test("detectWireGuard() matches an initiation, whatever its fields and mac2 are", () => {
  for (const fill of [0x00, 0x5a, 0xff]) {
    const verdict = detectWireGuard([message(1, 148, fill)]);
    assert.deepEqual(verdict, {
      kind: "match",
      value: {
        protocol: "wireguard",
        sni: null,
        alpn: [],
        ech: false,
        version: null,
        consumed: 1,
      },
    });
  }
});

Deno.test("detectWireGuard() takes nothing else for one", () => {
  const others: [string, Uint8Array][] = [
    ["empty", new Uint8Array(0)],
    ["one byte", Uint8Array.of(1)],
    ["too short", message(1, 147)],
    ["too long", message(1, 149)],
    ["response", message(2, 92)],
    ["cookie reply", message(3, 64)],
    ["keepalive", message(4, 32)],
    ["transport data", message(4, 148)],
    ["type 0", message(0, 148)],
    ["big-endian type", Uint8Array.of(0, 0, 0, 1, ...new Uint8Array(144))],
  ];
  for (const byte of [1, 2, 3]) {
    const reserved = message(1, 148);
    reserved[byte] = 1;
    others.push([`reserved byte ${byte}`, reserved]);
  }
  for (const [name, datagram] of others) {
    assert.equal(detectWireGuard([datagram]).kind, "noMatch", name);
  }
});

Deno.test("detectWireGuard() judges by the first datagram alone", () => {
  assert.equal(detectWireGuard([message(1, 148), Uint8Array.of(9)]).kind, "match");
  assert.equal(detectWireGuard([Uint8Array.of(9), message(1, 148)]).kind, "noMatch");
  assert.equal(detectWireGuard([]).kind, "needMore");
});

function message(type: number, length: number, fill = 0x77): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set([type, 0, 0, 0]);
  return bytes;
}
