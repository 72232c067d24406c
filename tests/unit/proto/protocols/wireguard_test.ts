/**
 * WireGuard's handshake initiation.
 *
 * @module
 */

import assert from "node:assert/strict";
import { matched } from "../../../support/chunks.ts";
import {
  detectWireGuard,
  responderOf,
  WIREGUARD,
} from "../../../../src/proto/protocols/wireguard.ts";
import captures from "../../../corpus/wireguard.json" with { type: "json" };

const OWN_KEY = "eSVSMX9nMPJLPOH1/pqt522XKeNUVIwueaLEnFdphF8=";
const NOBODYS_KEY = "pPyuqSOx+MtlxFKhMd1EnJNgH3BbtZPreRP9PZwEHww=";

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

Deno.test("detectWireGuard() tells which of the servers a handshake is addressed to", () => {
  const responders = [NOBODYS_KEY, OWN_KEY].map(responderOf);
  for (const held of addressed(true)) {
    assert.deepEqual(matched(detectWireGuard(held, responders)).fields, { publicKey: OWN_KEY });
    const others = responders.slice(0, 1);
    assert.equal(matched(detectWireGuard(held, others)).fields, undefined);
  }
  for (const held of addressed(false)) {
    assert.equal(matched(detectWireGuard(held, responders)).fields, undefined);
  }
});

Deno.test("detectWireGuard() takes an initiation for a server's own only if all that mac1 covers is intact", () => {
  const responders = [responderOf(OWN_KEY)];
  const initiation = addressed(true)[0]?.[0];
  assert(initiation !== undefined);
  for (let i = 4; i < initiation.length; i++) {
    const changed: Uint8Array = initiation.with(i, ~(initiation[i] ?? 0));
    const { fields } = matched(detectWireGuard([changed], responders));
    const inMac2 = i >= 132;
    assert.deepEqual(fields, inMac2 ? { publicKey: OWN_KEY } : undefined, `byte ${i}`);
  }
});

Deno.test("WIREGUARD tries keys only if some rule names one, and the same for many flows", () => {
  const values = [NOBODYS_KEY, OWN_KEY];
  const idle = WIREGUARD.prepare({ fields: new Set(), values });
  const trying = WIREGUARD.prepare({ fields: new Set(["publicKey"]), values });
  for (const held of [...addressed(true), ...addressed(true)]) {
    assert.equal(matched(idle()(held)).fields, undefined);
    assert.deepEqual(matched(trying()(held)).fields, { publicKey: OWN_KEY });
  }
});

/** Initiations of a real client, to the server with {@linkcode OWN_KEY} or to another. */
function addressed(own: boolean): Uint8Array[][] {
  return captures
    .filter(({ fields }) => (fields?.publicKey === OWN_KEY) === own)
    .map(({ hex }) => hex.map((datagram) => Uint8Array.fromHex(datagram)));
}

function message(type: number, length: number, fill = 0x77): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set([type, 0, 0, 0]);
  return bytes;
}
