import assert from "node:assert/strict";
import { MAX_ALPN_NAMES, MAX_CLIENT_HELLO } from "../../../../src/model/limits.ts";
import type { ClientHello } from "../../../../src/proto/tls/client_hello.ts";
import {
  EXTENSION,
  hasExtension,
  offeredVersion,
  parseClientHello,
} from "../../../../src/proto/tls/client_hello.ts";
import {
  alpnData,
  buildClientHello,
  type ClientHelloSpec,
  concat,
  extensionsOf,
  latin1,
  type RawExtension,
  serverNameData,
  u16,
  vector16,
  vector8,
} from "../../../support/client_hello_builder.ts";
import { matched } from "../../../support/chunks.ts";

function parse(spec: ClientHelloSpec): ClientHello {
  return matched(parseClientHello(buildClientHello(spec)));
}

function faultWith(...extensions: RawExtension[]): string {
  return faultOf(buildClientHello({ extensions }));
}

function faultOf(message: Uint8Array): string {
  const verdict = parseClientHello(message);
  return verdict.kind === "malformed" ? verdict.code : verdict.kind;
}

Deno.test("parseClientHello() reads names, protocols and versions", () => {
  const hello = parse({
    serverName: "WWW.Example.com.",
    alpn: ["\x0a\x0a", "h2", "http/1.1", "\xff\x00"],
    supportedVersions: [0x2a2a, 0x0304, 0x0303],
    keyShareLength: 1216,
    echPayloadLength: 144,
  });
  assert.equal(hello.serverName, "www.example.com");
  assert.deepEqual(hello.alpn, ["\x0a\x0a", "h2", "http/1.1", "\xff\x00"]);
  assert.deepEqual(hello.supportedVersions, [0x2a2a, 0x0304, 0x0303]);
  assert.equal(hello.legacyVersion, 0x0303);
  assert(hasExtension(hello, EXTENSION.encryptedClientHello));
  assert.equal(offeredVersion(hello), "TLS 1.3");
});

Deno.test("parseClientHello() finds nothing where nothing is", () => {
  for (const spec of [{}, { withoutExtensions: true }, { sessionId: new Uint8Array(0) }]) {
    const hello = parse(spec);
    assert.equal(hello.serverName, null);
    assert.deepEqual(hello.alpn, []);
    assert.deepEqual(hello.extensions, []);
    assert(!hasExtension(hello, EXTENSION.encryptedClientHello));
    assert.equal(offeredVersion(hello), "TLS 1.2");
  }
});

Deno.test("parseClientHello() keeps where the data of each extension is", () => {
  const spec: ClientHelloSpec = {
    serverName: "a.example",
    keyShareLength: 32,
    echPayloadLength: 100,
    extensions: [{ type: 0x0a0a, data: new Uint8Array(0) }, { type: 21, data: new Uint8Array(7) }],
  };
  const message = buildClientHello(spec);
  const { extensions } = matched(parseClientHello(message));
  const found = extensions.map(({ type, start, end }) => ({
    type,
    data: message.slice(start, end),
  }));
  assert.deepEqual(found, extensionsOf(spec));
});

Deno.test("parseClientHello() tells how long the message is and does not look behind it", () => {
  const message = buildClientHello({ serverName: "a.example" });
  const hello = matched(parseClientHello(concat(message, new Uint8Array(50).fill(0xff))));
  assert.equal(hello.length, message.length);
  assert.deepEqual(hello, matched(parseClientHello(message)));
});

Deno.test("parseClientHello() needs more for every prefix", () => {
  const message = buildClientHello({ serverName: "a.example", supportedVersions: [0x0304] });
  for (let end = 0; end < message.length; end++) {
    assert.equal(parseClientHello(message.subarray(0, end)).kind, "needMore");
  }
});

Deno.test("parseClientHello() does not match other handshake messages", () => {
  for (const type of [0, 2, 4, 11, 20, 254]) {
    assert.equal(parseClientHello(Uint8Array.of(type)).kind, "noMatch");
  }
});

Deno.test("parseClientHello() shows a name that no host can have if it is printable ASCII", () => {
  for (const name of ["server4:443", ".", "a b", "*.example", "::1", "a..b", "a".repeat(255)]) {
    assert.equal(parse({ serverName: name.toUpperCase() }).serverName, name);
  }
});

Deno.test("parseClientHello() has no name where there is nothing that may be shown", () => {
  for (const name of ["", "bücher.example", "a\n[finish]", "a\x7f", "\xe9", "a".repeat(256)]) {
    assert.equal(parse({ serverName: name }).serverName, null, JSON.stringify(name));
  }
  assert.equal(parse({ serverName: "a".repeat(60_000) }).serverName, null);
});

Deno.test("parseClientHello() passes over names that are not of hosts", () => {
  const data = serverNameData([
    { type: 7, name: latin1("other.example") },
    { type: 0, name: latin1("host.example") },
  ]);
  assert.equal(parse({ extensions: [{ type: 0, data }] }).serverName, "host.example");
});

Deno.test("parseClientHello() reads as many ALPN names as are kept", () => {
  const alpn = Array.from({ length: MAX_ALPN_NAMES }, (_, i) => `name ${i}`);
  assert.deepEqual(parse({ alpn }).alpn, alpn);
});

Deno.test("offeredVersion() names the newest version that is known", () => {
  for (
    const [legacyVersion, supportedVersions, words] of [
      [0x0303, [0x0303, 0x0304], "TLS 1.3"],
      [0x0303, [0x0302, 0x0301], "TLS 1.1"],
      [0x0303, [0x0a0a], null],
      [0x0303, undefined, "TLS 1.2"],
      [0x0301, undefined, "TLS 1.0"],
      [0x0300, undefined, "SSL 3.0"],
      [0x0400, undefined, null],
    ] as const
  ) {
    const spec = { legacyVersion, ...(supportedVersions ? { supportedVersions } : {}) };
    assert.equal(offeredVersion(parse(spec)), words);
  }
});

Deno.test("parseClientHello() accepts up to 64 KiB and refuses more at the header", () => {
  const sized = (suites: number, padding: number) =>
    buildClientHello({
      cipherSuites: Array.from({ length: suites }, () => 0x1301),
      extensions: [{ type: 21, data: new Uint8Array(padding) }],
    });
  // The block of extensions alone cannot be as long as the message may be.
  const left = MAX_CLIENT_HELLO - sized(1, 0).length;
  const padding = 65_000 + left % 2;
  const largest = sized(1 + (left - padding) / 2, padding);
  assert.equal(largest.length, MAX_CLIENT_HELLO);
  assert.equal(parseClientHello(largest).kind, "match");
  assert.equal(faultOf(Uint8Array.of(1, 1, 0, 0)), "needMore");
  assert.equal(faultOf(Uint8Array.of(1, 1, 0, 1)), "too_long");
  assert.equal(faultOf(Uint8Array.of(1, 0xff, 0xff, 0xff)), "too_long");
});

Deno.test("parseClientHello() refuses extensions that break their own rules", () => {
  const serverName = (data: Uint8Array) => ({ type: EXTENSION.serverName, data });
  const alpn = (data: Uint8Array) => ({ type: EXTENSION.alpn, data });
  const versions = (data: Uint8Array) => ({ type: EXTENSION.supportedVersions, data });
  const name = { type: 0, name: latin1("a.example") };
  const empty = new Uint8Array(0);
  const faults: Record<string, readonly [RawExtension, string]> = {
    "server_name without data": [serverName(empty), "bad_length"],
    "server_name with an empty list": [serverName(u16(0)), "bad_length"],
    "server_name list longer than its data": [serverName(u16(5)), "bad_length"],
    "server_name name longer than its list": [
      serverName(vector16(Uint8Array.of(0, 0, 9, 97))),
      "bad_length",
    ],
    "server_name list cut in a header": [serverName(vector16(Uint8Array.of(0, 0))), "bad_length"],
    "server_name with bytes behind the list": [
      serverName(concat(serverNameData([name]), Uint8Array.of(0))),
      "trailing_bytes",
    ],
    "server_name with two hosts": [serverName(serverNameData([name, name])), "duplicate"],
    "ALPN without data": [alpn(empty), "bad_length"],
    "ALPN with an empty list": [alpn(u16(0)), "bad_length"],
    "ALPN with an empty name": [alpn(alpnData(["h2", "", "h3"])), "bad_length"],
    "ALPN with more names than are kept": [
      alpn(alpnData(Array.from({ length: MAX_ALPN_NAMES + 1 }, () => "h2"))),
      "too_long",
    ],
    "ALPN name longer than its list": [alpn(vector16(Uint8Array.of(3, 104, 50))), "bad_length"],
    "ALPN with bytes behind the list": [
      alpn(concat(alpnData(["h2"]), Uint8Array.of(0))),
      "trailing_bytes",
    ],
    "supported_versions without data": [versions(empty), "bad_length"],
    "supported_versions with an empty list": [versions(vector8(empty)), "bad_length"],
    "supported_versions with half a version": [
      versions(vector8(Uint8Array.of(3, 4, 3))),
      "bad_length",
    ],
    "supported_versions in the form of a server": [versions(u16(0x0304)), "bad_length"],
    "supported_versions with bytes behind": [
      versions(concat(vector8(u16(0x0304)), Uint8Array.of(0))),
      "trailing_bytes",
    ],
  };
  for (const [what, [extension, code]] of Object.entries(faults)) {
    assert.equal(faultWith(extension), code, what);
  }
});

Deno.test("parseClientHello() refuses an extension that comes twice, known or not", () => {
  for (const type of [EXTENSION.alpn, EXTENSION.encryptedClientHello, 21, 0x1a1a]) {
    const extension = { type, data: alpnData(["h2"]) };
    assert.equal(faultWith(extension, { type: 51, data: u16(0) }, extension), "duplicate");
  }
});

Deno.test("parseClientHello() refuses a body whose lengths do not add up", () => {
  const fixed = concat(u16(0x0303), new Uint8Array(32));
  const suites = vector16(u16(0x1301));
  const methods = vector8(Uint8Array.of(0));
  const sessionId = vector8(new Uint8Array(0));
  const extensions = vector16(new Uint8Array(0));
  const faults: Record<string, readonly [readonly Uint8Array[], string]> = {
    "nothing at all": [[], "bad_length"],
    "ends in the random": [[u16(0x0303), new Uint8Array(31)], "bad_length"],
    "ends in the session id": [[fixed, Uint8Array.of(32, 1)], "bad_length"],
    "session id of 33 bytes": [
      [fixed, vector8(new Uint8Array(33)), suites, methods, extensions],
      "bad_length",
    ],
    "no cipher suite": [[fixed, sessionId, u16(0), methods, extensions], "bad_length"],
    "half a cipher suite": [
      [fixed, sessionId, vector16(Uint8Array.of(0x13, 1, 0x13)), methods, extensions],
      "bad_length",
    ],
    "no compression method": [
      [fixed, sessionId, suites, Uint8Array.of(0), extensions],
      "bad_length",
    ],
    "ends in the length of the extensions": [
      [fixed, sessionId, suites, methods, Uint8Array.of(0)],
      "bad_length",
    ],
    "extensions longer than the message": [
      [fixed, sessionId, suites, methods, u16(1)],
      "bad_length",
    ],
    "bytes behind the extensions": [
      [fixed, sessionId, suites, methods, extensions, Uint8Array.of(0)],
      "trailing_bytes",
    ],
    "extension cut in its header": [
      [fixed, sessionId, suites, methods, vector16(Uint8Array.of(0, 16, 0))],
      "bad_length",
    ],
    "extension longer than the block": [
      [fixed, sessionId, suites, methods, vector16(concat(u16(21), u16(1)))],
      "bad_length",
    ],
    "version of SSL 2.0": [
      [u16(0x0002), new Uint8Array(32), sessionId, suites, methods],
      "bad_value",
    ],
  };
  for (const [what, [parts, code]] of Object.entries(faults)) {
    const body = concat(...parts);
    assert.equal(faultOf(concat(Uint8Array.of(1, 0, 0, body.length), body)), code, what);
  }
});
