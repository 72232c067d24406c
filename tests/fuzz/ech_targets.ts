/**
 * What reads Encrypted Client Hello: lists of configurations, and hellos whose inside a client has chosen freely, since
 * anybody may seal for a configuration that is public.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  encodeEchConfig,
  encodeEchConfigList,
  parseEchConfigList,
} from "../../src/proto/ech/config.ts";
import { decodeInner } from "../../src/proto/ech/inner.ts";
import { type EchOpening, openClientHello, reopenClientHello } from "../../src/proto/ech/open.ts";
import { HpkeRecipient } from "../../src/proto/hpke/receiver.ts";
import { ALERT } from "../../src/proto/tls/alert.ts";
import { type ClientHello, parseClientHello } from "../../src/proto/tls/client_hello.ts";
import {
  type ClientHelloSpec,
  concat,
  extensionsOf,
  latin1,
  type RawExtension,
  u16,
  vector16,
  vector8,
} from "../support/client_hello_builder.ts";
import {
  ALL_SUITES,
  COMMON_SUITE,
  DEFAULT_INNER,
  EchClient,
  type EchHelloSpec,
  echKey,
  echSettings,
  sessionlessBody,
} from "../support/ech_client.ts";
import { expandNaively } from "../support/naive_inner_hello.ts";
import { countReads } from "./count_reads.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { type FuzzTarget, onlyPart } from "./target.ts";

const ECH = 0xfe0d;
const OUTER_EXTENSIONS = 0xfd00;

/** The lists of configurations, and the hellos: a first one, and one that follows on it. */
export const ECH_TARGETS: readonly FuzzTarget[] = [
  {
    name: "ech_config",
    generate: (random) => {
      const list = encodeEchConfigList(random.list(1, 4, () => config(random)));
      return [random.oneIn(2) ? list : mutate(random, list, [])];
    },
    check: (input) => checkConfigList(onlyPart(input)),
  },
  {
    name: "ech_open",
    generate: (random) => {
      const client = EchClient.seeded(KEY, COMMON_SUITE, random.bytes(32));
      const hellos = [
        client.hello(hello(random)),
        client.hello({ ...hello(random), isSecond: true }),
      ];
      return hellos.map(({ outer }) => random.oneIn(6) ? mutate(random, outer, []) : outer);
    },
    check: ([first = NO_BYTES, second = NO_BYTES], random) => checkHellos(first, second, random),
  },
];

const NO_BYTES = new Uint8Array(0);
const KEY = echKey();
const SETTINGS = echSettings({ keys: [KEY] });

function config(random: Random): Uint8Array {
  if (random.oneIn(4)) {
    return concat(
      u16(random.pick([0xfe0a, 0xfe0c, 0xfe0e])),
      vector16(random.bytes(random.below(60))),
    );
  }
  return encodeEchConfig({
    configId: random.below(256),
    kem: random.pick([0x10, 0x20, 0x21, 0xffff]),
    publicKey: random.bytes(random.pick([1, 32, 65])),
    suites: random.list(1, 9, () => random.pick(ALL_SUITES)),
    maximumNameLength: random.below(256),
    publicName: random.pick(["a.example", "192.0.2.1", "\xff", "x".repeat(255)]),
    extensions: random.list(0, 3, (i) => ({
      type: random.below(0x1000) << 4 | i,
      data: random.bytes(random.below(20)),
    })),
  });
}

function checkConfigList(bytes: Uint8Array): string {
  const verdict = parseEchConfigList(bytes);
  if (verdict.kind !== "match") {
    assert.equal(verdict.kind, "malformed");
    return verdict.kind;
  }
  for (const read of verdict.value) {
    if (read.kind === "config") {
      assert.equal(encodeEchConfig(read).toHex(), read.raw.toHex(), "what was read can be written");
    }
  }
  assert.equal(encodeEchConfigList(verdict.value.map(({ raw }) => raw)).toHex(), bytes.toHex());
  for (const other of [bytes.subarray(0, -1), concat(bytes, Uint8Array.of(0))]) {
    assert.equal(parseEchConfigList(other).kind, "malformed", "a list has one length");
  }
  return verdict.kind;
}

/** A hello, sound or with an inside that is wrong in any way that a client can make it. */
function hello(random: Random): EchHelloSpec {
  const inner: ClientHelloSpec = {
    ...DEFAULT_INNER,
    sessionId: random.bytes(random.pick([0, 32])),
    extensions: random.list(0, 6, (i) => ({
      type: 100 + i,
      data: random.bytes(random.pick([0, 1, 9, 300])),
    })),
  };
  const types = extensionsOf(inner).map(({ type }) => type);
  const start = random.between(1, types.length); // behind the name
  const compressed = types.slice(start, start + random.below(6));
  const spec = { inner, compressed, padding: random.below(40), place: random.below(types.length) };
  switch (random.below(5)) {
    case 0:
      return { ...spec, tamper: (encoded) => mutate(random, encoded, []) };
    case 1:
    case 2:
      return { ...spec, tamper: () => oddBody(random, inner) };
    default:
      return spec;
  }
}

/** An encoded inner hello that is well-formed, with extensions that break rules more often than not. */
function oddBody(
  random: Random,
  { extensions: others = [], ...spec }: ClientHelloSpec,
): Uint8Array {
  const mark = { type: ECH, data: Uint8Array.from(random.pick([[1], [1], [1], [0], [1, 0], []])) };
  const versions = random.pick([[0x0304], [0x0304], [0x0304, 0x0303], [0x3a3a], [0x3a3a, 0x0304]]);
  let extensions: RawExtension[] = extensionsOf({ ...spec, supportedVersions: versions });
  extensions = [
    ...extensions.filter(() => !random.oneIn(8)),
    mark,
    ...random.oneIn(2) ? others : [],
  ];
  const known = [0, 16, 43, 51, ECH, OUTER_EXTENSIONS, ...others.map(({ type }) => type)];
  for (let count = random.pick([0, 1, 1, 1, 2]); count > 0; count--) {
    const types = random.oneIn(2)
      ? random.list(0, 9, () => random.pick(known))
      : known.filter((type) => type !== ECH && type !== OUTER_EXTENSIONS && random.oneIn(2));
    const named = new Set(types);
    // Referred to or sent: what is both would be there twice.
    if (random.oneIn(2)) extensions = extensions.filter(({ type }) => !named.has(type));
    const data = vector8(concat(...types.map(u16)));
    const place = random.below(extensions.length + 1);
    extensions = extensions.toSpliced(place, 0, { type: OUTER_EXTENSIONS, data });
  }
  if (random.oneIn(3)) extensions = random.shuffled(extensions);
  const padding = new Uint8Array(random.below(30));
  if (random.oneIn(8)) padding.fill(random.u32(), random.below(30));
  return concat(sessionlessBody({ ...spec, extensions }), padding);
}

function checkHellos(first: Uint8Array, second: Uint8Array, random: Random): string {
  const verdict = parseClientHello(first);
  if (verdict.kind !== "match") return `outer_${verdict.kind}`;
  const opening = openClientHello(first, verdict.value, SETTINGS);
  checkOpening(opening, first, verdict.value, random);
  if (opening.kind !== "accepted") return opening.kind;

  const reopening = reopenClientHello(second, opening.context);
  if (reopening.kind === "fault") {
    assert.ok(Object.values<number>(ALERT).includes(reopening.alert));
    return "second_fault";
  }
  checkInner(reopening.inner, reopening.hello, second);
  return "match";
}

function checkOpening(
  opening: EchOpening,
  outer: Uint8Array,
  outerHello: ClientHello,
  random: Random,
): void {
  const encoded = openedPayload(outer, outerHello);
  if (encoded === null) {
    assert.ok(opening.kind !== "accepted", "what does not open is not accepted");
    return;
  }
  const expected = expandNaively(encoded, outer);
  if (opening.kind === "accepted") {
    checkInner(opening.inner, opening.hello, outer);
    assert.ok(opening.inner.toHex() === expected?.toHex(), "as it follows from the rules");
  } else {
    assert.equal(opening.kind, "fault", "what opens is accepted or at fault");
    const known: readonly number[] = [ALERT.illegalParameter, ALERT.decodeError];
    assert.ok(opening.kind === "fault" && known.includes(opening.alert));
    if (outerHello.serverName === KEY.publicName && expected !== null) {
      const isSound = parseClientHello(expected).kind === "match";
      assert.ok(!isSound, "and at fault only where a rule is broken");
    }
  }
  if (random.oneIn(8)) {
    const reads = { bytes: 0 };
    decodeInner(countReads(encoded, reads), countReads(outer, reads), outerHello);
    assert.ok(reads.bytes <= 4 * (encoded.length + outer.length), "linear work");
  }
}

/** What is true of every inner hello that is sent on. */
function checkInner(inner: Uint8Array, hello: ClientHello, outer: Uint8Array): void {
  assert.ok(inner.length < outer.length, "an inner hello is shorter");
  assert.deepEqual(parseClientHello(inner), { kind: "match", value: hello });
  assert.equal(hello.length, inner.length);
  const types = hello.extensions.map(({ type }) => type);
  assert.ok(types.includes(ECH) && !types.includes(OUTER_EXTENSIONS));
}

/** The payload of the outer extension, opened as the first message; null where it does not open. */
function openedPayload(outer: Uint8Array, hello: ClientHello): Uint8Array | null {
  const extension = hello.extensions.find(({ type }) => type === ECH);
  if (extension === undefined) return null;
  const { start, end } = extension;
  const view = new DataView(outer.buffer, outer.byteOffset + start, end - start);
  const ENC = 8;
  if (end - start < ENC || view.getUint8(0) !== 0 || view.getUint8(5) !== KEY.configId) return null;
  const payload = ENC + view.getUint16(6) + 2;
  if (payload > end - start || view.getUint16(payload - 2) !== end - start - payload) return null;
  const suite = { kdf: view.getUint16(1), aead: view.getUint16(3) };
  const info = concat(latin1("tls ech\0"), KEY.config);
  const aad = outer.slice(4, hello.length).fill(0, start + payload - 4, end - 4);
  return new HpkeRecipient(KEY.kem, KEY.privateKey, KEY.publicKey, info)
    .setup(suite, outer.subarray(start + ENC, start + payload - 2))
    ?.open(aad, outer.subarray(start + payload, end)) ?? null;
}
