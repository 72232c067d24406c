import assert from "node:assert/strict";
import { decodeInner } from "../../../../src/proto/ech/inner.ts";
import { openClientHello, reopenClientHello } from "../../../../src/proto/ech/open.ts";
import { ALERT } from "../../../../src/proto/tls/alert.ts";
import { countReads } from "../../../fuzz/count_reads.ts";
import {
  buildClientHello,
  concat,
  extensionsOf,
  type RawExtension,
  u16,
  vector8,
} from "../../../support/client_hello_builder.ts";
import {
  EchClient,
  type EchHelloSpec,
  echKey,
  echSettings,
  sessionlessBody,
} from "../../../support/ech_client.ts";
import { helloOf } from "../../../support/parsed_hello.ts";

const { illegalParameter, decodeError } = ALERT;

const ECH = 0xfe0d;
const OUTER_EXTENSIONS = 0xfd00;
const GREASE = 0x3a3a;
const KEY = echKey();
const NONE = new Uint8Array(0);

/** What is in a sound inner hello, with nothing left to the outer one. */
const SOUND = extensionsOf({ serverName: "private.example", supportedVersions: [0x0304] })
  .concat({ type: ECH, data: Uint8Array.of(1) });

/** In the outer hello of every row, in this order, around its ECH extension. */
const OUTER = { supportedVersions: [0x0304, 0x0303], alpn: ["h2"], keyShareLength: 32 };
const [SNI, ALPN, VERSIONS, KEY_SHARE] = [0, 16, 43, 51];

/** A hello whose encoded inner one has these extensions, whatever they are. */
function inner(...extensions: readonly RawExtension[]): EchHelloSpec {
  return body(sessionlessBody({ extensions }));
}

/** A hello with these bytes as its encoded inner one. */
function body(encoded: Uint8Array): EchHelloSpec {
  return { tamper: () => encoded, outer: OUTER };
}

/** A sound inner hello but for what it leaves to the outer one. */
function references(...types: readonly number[]): EchHelloSpec {
  return inner(...SOUND, referring(vector8(concat(...types.map(u16)))));
}

function referring(data: Uint8Array): RawExtension {
  return { type: OUTER_EXTENSIONS, data };
}

function without(type: number): RawExtension[] {
  return SOUND.filter((extension) => extension.type !== type);
}

function marked(...data: readonly number[]): EchHelloSpec {
  return inner(...without(ECH), { type: ECH, data: Uint8Array.from(data) });
}

function versions(...offered: readonly number[]): EchHelloSpec {
  return inner(...without(VERSIONS), ...extensionsOf({ supportedVersions: offered }));
}

function padded(...padding: readonly number[]): EchHelloSpec {
  return body(Uint8Array.of(...sessionlessBody({ extensions: SOUND }), ...padding));
}

const SOUND_BODY = sessionlessBody({ extensions: SOUND });
const NO_EXTENSIONS = SOUND_BODY.subarray(0, 34 + 1 + 2 + 4 + 2);

/** The checks of RFC 9849 §5.1 and §7.1 on what was opened, each with the alert where the hello does not pass. */
const ROWS: readonly (readonly [name: string, spec: EchHelloSpec, alert: number | null])[] = [
  ["a sound hello", inner(...SOUND), null],
  ["zeros behind a sound hello", padded(0, 0, 0, 0), null],
  ["padding that begins with another byte", padded(1, 0, 0), illegalParameter],
  ["padding with another byte in its midst", padded(0, 0, 1, 0), illegalParameter],
  ["padding that ends with another byte", padded(0, 0, 0x80), illegalParameter],

  ["references in the order of the outer hello", references(ALPN, KEY_SHARE), null],
  ["a reference to what is not in the outer hello", references(35), illegalParameter],
  ["references in another order", references(KEY_SHARE, ALPN), illegalParameter],
  ["a reference made twice", references(ALPN, ALPN), illegalParameter],
  ["a reference made twice, not in a row", references(ALPN, KEY_SHARE, ALPN), illegalParameter],
  ["a reference to the ECH extension", references(ECH), illegalParameter],
  ["a reference to the ECH extension among others", references(ALPN, ECH), illegalParameter],
  ["a reference to what is in the inner hello as well", references(SNI), illegalParameter],

  [
    "extensions that nobody knows",
    inner({ type: 1, data: NONE }, ...SOUND, { type: 2, data: NONE }),
    null,
  ],
  ["no ECH extension inside", inner(...without(ECH)), illegalParameter],
  ["an empty ECH extension inside", marked(), illegalParameter],
  ["an ECH extension of the outer type inside", marked(0), illegalParameter],
  ["an ECH extension of an unknown type inside", marked(2), illegalParameter],
  ["an ECH extension inside with something behind", marked(1, 0), illegalParameter],

  ["TLS 1.3 among GREASE values", versions(GREASE, 0x0304, 0xfafa), null],
  ["TLS 1.3 and a later version", versions(0x0305, 0x0304), null],
  ["no supported_versions", inner(...without(VERSIONS)), illegalParameter],
  ["TLS 1.2 beside TLS 1.3", versions(0x0304, 0x0303), illegalParameter],
  ["TLS 1.0 beside TLS 1.3", versions(0x0301, 0x0304), illegalParameter],
  ["TLS 1.2 alone", versions(0x0303), illegalParameter],
  ["GREASE values alone", versions(GREASE), illegalParameter],

  [
    "the public name in other letters outside",
    { outer: { serverName: "PUBLIC.Example" } },
    null,
  ],
  ["another name outside", { outer: { serverName: "other.example" } }, illegalParameter],
  ["a private name outside", { outer: { serverName: "private.example" } }, illegalParameter],

  [
    "ech_outer_extensions outside",
    { outer: { extensions: [referring(vector8(u16(ALPN)))] } },
    illegalParameter,
  ],
  [
    "ech_outer_extensions outside, referred to",
    {
      ...references(OUTER_EXTENSIONS),
      outer: { extensions: [referring(vector8(u16(ALPN)))] },
    },
    illegalParameter,
  ],
  [
    "ech_outer_extensions twice",
    inner(...SOUND, referring(vector8(u16(ALPN))), referring(vector8(u16(KEY_SHARE)))),
    illegalParameter,
  ],
  ["an extension twice", inner(...SOUND, ...SOUND.slice(0, 1)), illegalParameter],

  ["an empty list of references", inner(...SOUND, referring(Uint8Array.of(0))), decodeError],
  ["no list of references", inner(...SOUND, referring(NONE)), decodeError],
  ["half a reference", inner(...SOUND, referring(Uint8Array.of(3, 0, 16, 0))), decodeError],
  ["a byte of a reference", inner(...SOUND, referring(Uint8Array.of(1, 0))), decodeError],
  [
    "references beyond their extension",
    inner(...SOUND, referring(Uint8Array.of(4, 0, 16))),
    decodeError,
  ],
  [
    "a byte behind the references",
    inner(...SOUND, referring(Uint8Array.of(2, 0, 16, 0))),
    decodeError,
  ],
  ["extensions of a byte", body(concat(NO_EXTENSIONS, u16(1), Uint8Array.of(0))), decodeError],
  [
    "an extension that is longer than its list",
    body(concat(NO_EXTENSIONS, u16(4), u16(1), u16(1), Uint8Array.of(0))),
    decodeError,
  ],
  [
    "a list of server names that cannot be read",
    inner(...without(SNI), { type: SNI, data: u16(9) }),
    decodeError,
  ],
  ["an odd number of bytes of cipher suites", body(SOUND_BODY.with(36, 3)), decodeError],
  ["nothing at all", body(NONE), decodeError],
  ["zeros alone", body(new Uint8Array(300)), decodeError],

  ["a session ID inside that is missing", body(SOUND_BODY.with(34, 1)), decodeError],
  [
    "a session ID inside",
    body(concat(SOUND_BODY.subarray(0, 34), Uint8Array.of(1, 7), SOUND_BODY.subarray(35))),
    decodeError,
  ],
  ["no extensions", body(NO_EXTENSIONS), decodeError],
  ["no extensions, padded", body(concat(NO_EXTENSIONS, new Uint8Array(9))), decodeError],
];

for (const [name, spec, alert] of ROWS) {
  const says = alert === null ? "takes" : `answers alert ${alert} to`;
  Deno.test(`openClientHello ${says} ${name}`, () => assert.equal(first(spec), alert));
  Deno.test(`reopenClientHello ${says} ${name}`, () => assert.equal(second(spec), alert));
}

Deno.test("a hello that was cut off anywhere gets decode_error, first and second", () => {
  for (let end = 0; end < SOUND_BODY.length; end++) {
    assert.equal(first(body(SOUND_BODY.subarray(0, end))), decodeError, `${end} bytes`);
    assert.equal(second(body(SOUND_BODY.subarray(0, end))), decodeError, `${end} bytes`);
  }
});

Deno.test("decodeInner copies nothing for a list that refers to a large extension over and over", () => {
  const LARGE = 200;
  const extensions = [{ type: LARGE, data: new Uint8Array(30_000) }];
  const outer = buildClientHello({ serverName: "public.example", extensions });
  const types = vector8(concat(...Array.from({ length: 127 }, () => u16(LARGE))));
  const encoded = sessionlessBody({ extensions: [...SOUND, referring(types)] });
  const reads = { bytes: 0 };
  const counted = [encoded, outer].map((bytes) => countReads(bytes, reads));
  const [inside = NONE, outside = NONE] = counted;
  assert.equal(decodeInner(inside, outside, helloOf(outer)), illegalParameter);
  assert.ok(reads.bytes <= encoded.length, `${reads.bytes} reads`);
});

/** The alert that a first hello gets; null where it is accepted. */
function first(spec: EchHelloSpec): number | null {
  const { outer, inner: expected } = EchClient.seeded(KEY).hello(spec);
  const opening = openClientHello(outer, helloOf(outer), echSettings({ keys: [KEY] }));
  if (opening.kind === "fault") {
    assert.equal(opening.configId, KEY.configId);
    return opening.alert;
  }
  assert.ok(opening.kind === "accepted", opening.kind);
  if (spec.tamper === undefined) assert.equal(opening.inner.toHex(), expected.toHex());
  return null;
}

/** The alert that a second hello gets whose first was accepted. */
function second(spec: EchHelloSpec): number | null {
  const client = EchClient.seeded(KEY);
  const { outer } = client.hello();
  const opening = openClientHello(outer, helloOf(outer), echSettings({ keys: [KEY] }));
  assert.ok(opening.kind === "accepted");
  const again = client.hello({ ...spec, isSecond: true });
  const reopening = reopenClientHello(again.outer, opening.context);
  return reopening.kind === "fault" ? reopening.alert : null;
}

/** The checks on the extension of the outer hello, before anything is opened. */
const OUTER_ROWS: readonly (readonly [name: string, data: Uint8Array, alert: number])[] = [
  ["of the inner type", Uint8Array.of(1), illegalParameter],
  ["of the inner type with something behind", Uint8Array.of(1, 0), illegalParameter],
  ["of an unknown type", Uint8Array.of(2), illegalParameter],
  [
    "of an unknown type with all that the outer one has",
    withPayload(3, NONE, 20),
    illegalParameter,
  ],
  ["that is empty", NONE, decodeError],
  ["without a payload", Uint8Array.of(0, 0, 1, 0, 1, 7, 0, 0), decodeError],
  ["with an empty payload", withPayload(0, new Uint8Array(32), 0), decodeError],
  [
    "with a byte behind the payload",
    concat(withPayload(0, NONE, 9), Uint8Array.of(0)),
    decodeError,
  ],
  ["whose payload is cut off", withPayload(0, NONE, 9).slice(0, -1), decodeError],
  ["whose enc is cut off", Uint8Array.of(0, 0, 1, 0, 1, 7, 0, 32, 1, 2, 3), decodeError],
];

for (const [name, data, alert] of OUTER_ROWS) {
  const outer = buildClientHello({
    serverName: "public.example",
    extensions: [{ type: ECH, data }],
  });

  Deno.test(`openClientHello answers alert ${alert} to an ECH extension ${name}`, () => {
    const opening = openClientHello(outer, helloOf(outer), echSettings({ keys: [KEY] }));
    assert.deepEqual(opening, { kind: "fault", alert, configId: null });
  });

  Deno.test(`reopenClientHello answers alert ${alert} to an ECH extension ${name}`, () => {
    const hello = EchClient.seeded(KEY).hello().outer;
    const opening = openClientHello(hello, helloOf(hello), echSettings({ keys: [KEY] }));
    assert.ok(opening.kind === "accepted");
    assert.deepEqual(reopenClientHello(outer, opening.context), { kind: "fault", alert });
  });
}

function withPayload(type: number, enc: Uint8Array, length: number): Uint8Array {
  return concat(
    Uint8Array.of(type, 0, 1, 0, 1, 7),
    u16(enc.length),
    enc,
    u16(length),
    new Uint8Array(length),
  );
}
