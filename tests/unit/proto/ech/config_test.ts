import assert from "node:assert/strict";
import {
  type EchConfigContents,
  encodeEchConfig,
  encodeEchConfigList,
  hasMandatoryExtension,
  isPublicName,
  parseEchConfigList,
} from "../../../../src/proto/ech/config.ts";
import type { MalformedCode } from "../../../../src/model/verdict.ts";
import { derivePublicKey } from "../../../../src/proto/hpke/key.ts";
import { concat, u16, vector16 } from "../../../support/client_hello_builder.ts";

const CONTENTS: EchConfigContents = {
  configId: 42,
  kem: 0x20,
  publicKey: new Uint8Array(32).fill(9),
  suites: [{ kdf: 1, aead: 1 }, { kdf: 1, aead: 3 }],
  maximumNameLength: 64,
  publicName: "public.example",
  extensions: [],
};

Deno.test("parseEchConfigList reads the list of rpxy-l4's example, which its key belongs to", () => {
  const list =
    "ADz+DQA4ugAgACA9U8FCH7vKOFXVCCcAdpUUSfu3rzlooRNflhOXyV0uTwAEAAEAAQAJbG9jYWxob3N0AAA";
  const privateKey = Uint8Array.fromBase64("KwyvZOuPlflYlcmJbwhA24HMWUvxXXyan/oh9cJ6lNw");
  const [config, ...others] = configsIn(Uint8Array.fromBase64(list));
  assert.deepEqual(others, []);
  assert.ok(config?.kind === "config");
  const { configId, kem, suites, maximumNameLength, publicName, extensions } = config;
  assert.deepEqual({ configId, kem, suites, maximumNameLength, publicName, extensions }, {
    configId: 0xba,
    kem: 0x20,
    suites: [{ kdf: 1, aead: 1 }],
    maximumNameLength: 0,
    publicName: "localhost",
    extensions: [],
  });
  assert.equal(derivePublicKey("x25519", privateKey)?.toHex(), config.publicKey.toHex());
});

Deno.test("parseEchConfigList reads what encodeEchConfig writes", () => {
  const config = encodeEchConfig({
    ...CONTENTS,
    extensions: [{ type: 0x0102, data: Uint8Array.of(1, 2, 3) }, { type: 0, data: bytes() }],
  });
  const [read] = configsIn(encodeEchConfigList([config]));
  assert.ok(read?.kind === "config");
  assert.equal(read.version, 0xfe0d);
  assert.equal(read.raw.toHex(), config.toHex());
  assert.equal(read.publicKey.toHex(), CONTENTS.publicKey.toHex());
  assert.deepEqual(read.suites, CONTENTS.suites);
  assert.deepEqual(read.extensions.map(({ type, data }) => [type, data.toHex()]), [
    [0x0102, "010203"],
    [0, ""],
  ]);
  assert.deepEqual(
    [read.configId, read.kem, read.maximumNameLength, read.publicName],
    [42, 0x20, 64, "public.example"],
  );
});

Deno.test("parseEchConfigList passes over configurations of versions that it does not know", () => {
  const known = encodeEchConfig(CONTENTS);
  const opaque = concat(u16(0xfe0a), vector16(bytes(1, 2, 3)));
  const empty = concat(u16(0xff00), vector16(bytes()));
  const list = configsIn(encodeEchConfigList([opaque, known, empty, known]));
  assert.deepEqual(list.map(({ kind, version }) => [kind, version]), [
    ["opaque", 0xfe0a],
    ["config", 0xfe0d],
    ["opaque", 0xff00],
    ["config", 0xfe0d],
  ]);
  assert.deepEqual(
    list.map(({ raw }) => raw.toHex()),
    [opaque, known, empty, known].map((config) => config.toHex()),
  );
});

const KNOWN = encodeEchConfig(CONTENTS);
const HEADER = 4;
/** Offsets in {@linkcode KNOWN}. */
const KEY_LENGTH = HEADER + 3;
const SUITES_LENGTH = KEY_LENGTH + 2 + 32;
const NAME_LENGTH = SUITES_LENGTH + 2 + 8 + 1;
const EXTENSIONS_LENGTH = NAME_LENGTH + 1 + CONTENTS.publicName.length;

const BROKEN: readonly (readonly [name: string, list: Uint8Array, code: MalformedCode])[] = [
  ["nothing", bytes(), "bad_length"],
  ["half a length", bytes(0), "bad_length"],
  ["an empty list", bytes(0, 0), "bad_length"],
  ["a list that is cut off", encodeEchConfigList([KNOWN]).slice(0, -1), "bad_length"],
  ["bytes behind the list", concat(encodeEchConfigList([KNOWN]), bytes(0)), "trailing_bytes"],
  ["half a version", vector16(concat(KNOWN, bytes(0xfe))), "bad_length"],
  ["a version alone", vector16(concat(KNOWN, bytes(0xfe, 0x0d))), "bad_length"],
  ["a configuration beyond the list", vector16(bytes(0xfe, 0x0a, 0, 5, 1, 2)), "bad_length"],
  ["a length near 2^16 beyond the list", vector16(bytes(0xfe, 0x0a, 0xff, 0xff)), "bad_length"],
  ["empty contents", vector16(bytes(0xfe, 0x0d, 0, 0)), "bad_length"],
  ["an empty key", changed(KEY_LENGTH, [0, 0], 32), "bad_length"],
  ["no suites", changed(SUITES_LENGTH, [0, 0], 8), "bad_length"],
  ["half a suite", changed(SUITES_LENGTH, [0, 2, 0, 1], 8), "bad_length"],
  ["a suite and a half", changed(SUITES_LENGTH, [0, 6], 2), "bad_length"],
  ["an empty name", changed(NAME_LENGTH, [0], 14), "bad_length"],
  ["a name beyond its configuration", changed(NAME_LENGTH, [17], 0), "bad_length"],
  ["extensions beyond their configuration", changed(EXTENSIONS_LENGTH, [0, 1], 0), "bad_length"],
  ["no extensions block", changed(EXTENSIONS_LENGTH, [], 2), "bad_length"],
  ["bytes behind the extensions", changed(EXTENSIONS_LENGTH, [0, 0, 0], 0), "trailing_bytes"],
  ["half an extension", changed(EXTENSIONS_LENGTH, [0, 3, 0, 1, 0], 0), "bad_length"],
  [
    "an extension beyond its block",
    changed(EXTENSIONS_LENGTH, [0, 4, 0, 1, 0, 1], 0),
    "bad_length",
  ],
  [
    "an extension twice",
    changed(EXTENSIONS_LENGTH, [0, 8, 0, 1, 0, 0, 0, 1, 0, 0], 0),
    "duplicate",
  ],
];

for (const [name, list, code] of BROKEN) {
  Deno.test(`parseEchConfigList refuses ${name}`, () => {
    assert.deepEqual(parseEchConfigList(list), { kind: "malformed", code });
  });
}

Deno.test("parseEchConfigList refuses a configuration that is cut off anywhere", () => {
  for (let length = 0; length < KNOWN.length - HEADER; length++) {
    const cut = concat(u16(0xfe0d), vector16(KNOWN.subarray(HEADER, HEADER + length)));
    assert.equal(parseEchConfigList(vector16(cut)).kind, "malformed", `${length} bytes`);
  }
});

Deno.test("encodeEchConfig refuses what the format has no room for", () => {
  for (
    const part of [
      { publicName: "" },
      { publicName: "x".repeat(256) },
      { publicKey: bytes() },
      { publicKey: new Uint8Array(0x10000) },
      { suites: [] },
      { extensions: [{ type: 0, data: new Uint8Array(0x10000) }] },
      { extensions: [{ type: 0, data: new Uint8Array(0xffff) }] },
    ]
  ) assert.throws(() => encodeEchConfig({ ...CONTENTS, ...part }), RangeError);
});

Deno.test("encodeEchConfigList refuses none, and more than fit", () => {
  assert.throws(() => encodeEchConfigList([]), RangeError);
  assert.throws(() => encodeEchConfigList(Array(1000).fill(KNOWN)), RangeError);
});

Deno.test("hasMandatoryExtension looks at the highest bit of types", () => {
  const withType = (type: number) => ({ ...CONTENTS, extensions: [{ type, data: bytes() }] });
  assert.equal(hasMandatoryExtension(CONTENTS), false);
  assert.equal(hasMandatoryExtension(withType(0x7fff)), false);
  assert.equal(hasMandatoryExtension(withType(0x8000)), true);
  assert.equal(hasMandatoryExtension(withType(0xffff)), true);
});

for (
  const name of [
    "public.example",
    "localhost",
    "EXAMPLE",
    "a",
    "1.2.3.example",
    "xn--bcher-kva.example",
    "a.0xg",
    "0x.example",
    `${"a".repeat(63)}.example`,
    "3com",
  ]
) {
  Deno.test(`isPublicName takes "${name}"`, () => assert.equal(isPublicName(name), true));
}

for (
  const name of [
    "",
    ".",
    "example.",
    ".example",
    "a..example",
    "-a.example",
    "a-.example",
    "a_b.example",
    "a b.example",
    "*.example",
    "b\xfccher.example",
    "192.0.2.1",
    "1",
    "example.1",
    "a.0x",
    "a.0X1f",
    "0x7f.0x1",
    "2001:db8::1",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(130)}example`,
    "a\n",
  ]
) {
  Deno.test(`isPublicName does not take ${JSON.stringify(name)}`, () => {
    assert.equal(isPublicName(name), false);
  });
}

function configsIn(list: Uint8Array) {
  const verdict = parseEchConfigList(list);
  assert.ok(verdict.kind === "match", JSON.stringify(verdict));
  return verdict.value;
}

/** A list of the known configuration with other bytes at a place, for what stood there and `dropped` bytes behind. */
function changed(place: number, put: readonly number[], dropped: number): Uint8Array {
  const lengthSize = place === NAME_LENGTH ? 1 : 2;
  const rest = KNOWN.subarray(place + (place === EXTENSIONS_LENGTH ? 2 : lengthSize + dropped));
  const contents = concat(
    KNOWN.subarray(HEADER, place),
    Uint8Array.from(put),
    place === EXTENSIONS_LENGTH ? bytes() : rest,
  );
  return vector16(concat(u16(0xfe0d), vector16(contents)));
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
