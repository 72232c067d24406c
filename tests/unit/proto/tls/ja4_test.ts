/**
 * JA4 fingerprints, against those that FoxIO and others have published with the lists that they stand for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseClientHello } from "../../../../src/proto/tls/client_hello.ts";
import { type HelloCarrier, ja4 } from "../../../../src/proto/tls/ja4.ts";
import {
  buildClientHello,
  type ClientHelloSpec,
  concat,
  u16,
} from "../../../support/client_hello_builder.ts";
import { matched } from "../../../support/chunks.ts";

function fingerprint(spec: ClientHelloSpec, carrier: HelloCarrier = "t"): string {
  const message = buildClientHello(spec);
  return ja4(message, matched(parseClientHello(message)), carrier);
}

/** An extension with nothing in it, or with a list of signature algorithms. */
function extension(type: number, algorithms: readonly number[] = []) {
  const list = concat(...algorithms.map(u16));
  return { type, data: type === 13 ? concat(u16(list.length), list) : new Uint8Array(0) };
}

const GREASE = 0x2a2a;

/** Chrome, as in FoxIO's own description; the order of a client does not matter but for signature algorithms. */
const CHROME: ClientHelloSpec = {
  cipherSuites: [
    ...[GREASE, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030],
    ...[0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035],
  ],
  serverName: "www.example.com",
  alpn: ["h2", "http/1.1"],
  supportedVersions: [GREASE, 0x0304, 0x0303],
  extensions: [
    extension(GREASE),
    ...[0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b, 0x000a]
      .map((type) => extension(type)),
    extension(13, [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]),
    extension(0x1a1a),
    extension(0x0015),
  ],
};

Deno.test("ja4() is what FoxIO published for Chrome, whatever GREASE it sends", () => {
  assert.equal(fingerprint(CHROME), "t13d1516h2_8daaf6152771_e5627efa2ab1");
});

Deno.test("ja4() is what was published for a client of OpenSSL", () => {
  const hello: ClientHelloSpec = {
    cipherSuites: [
      0x00ff,
      0x1301,
      0x1302,
      0x1303,
      0xc02b,
      0xc02c,
      0xc02f,
      0xc030,
      0xcca8,
      0xcca9,
    ],
    serverName: "www.example.com",
    alpn: ["h2"],
    supportedVersions: [0x0304, 0x0303],
    extensions: [
      ...[0x05, 0x0a, 0x0b, 0x17, 0x23, 0x2d, 0x33].map((type) => extension(type)),
      extension(13, [0x0503, 0x0403, 0x0807, 0x0806, 0x0805, 0x0804, 0x0601, 0x0501, 0x0401]),
    ],
  };
  assert.equal(fingerprint(hello), "t13d1011h2_61a7ad8aa9b6_3fcd1a44f3e3");
});

Deno.test("ja4() tells the carrier, the version and whether there is a server name", () => {
  const start = (spec: ClientHelloSpec, carrier?: HelloCarrier) =>
    fingerprint(spec, carrier).slice(0, 4);
  assert.equal(start({}), "t12i");
  assert.equal(start({ serverName: "a.example" }), "t12d");
  assert.equal(start({ supportedVersions: [0x0303, 0x0304, GREASE] }, "q"), "q13i");
  assert.equal(start({ supportedVersions: [0x7f1c] }), "t00i");
  assert.equal(start({ legacyVersion: 0x0301 }), "t10i");
  assert.equal(start({ legacyVersion: 0x0300 }), "ts3i");
});

Deno.test("ja4() writes an ALPN name by its ends, in hexadecimal where they are no letters or digits", () => {
  const alpn = (name: string) => fingerprint({ alpn: [name, "x"] }).slice(8, 10);
  assert.equal(fingerprint({}).slice(8, 10), "00");
  assert.equal(alpn("h3"), "h3");
  assert.equal(alpn("http/1.1"), "h1");
  assert.equal(alpn("h"), "hh");
  assert.equal(alpn("\xab"), "ab");
  assert.equal(alpn("0\xab"), "3b");
  assert.equal(alpn("\x30\x31\xab\xcd"), "3d");
});

Deno.test("ja4() has zeroes for what is not there, and counts to 99", () => {
  assert.match(fingerprint({ withoutExtensions: true }), /^t12i020000_[0-9a-f]{12}_0{12}$/);
  assert.match(fingerprint({ cipherSuites: [GREASE] }), /^t12i000000_0{12}_0{12}$/);
  const many = Array.from({ length: 120 }, (_, i) => 0x0100 + i);
  assert.match(fingerprint({ cipherSuites: many }), /^t12i990000_/);
});
