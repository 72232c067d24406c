/**
 * ClientHellos with ECH as clients seal them (RFC 9849 §6.1), sound or broken on purpose.
 *
 * ```ts
 * const key = echKey({ configId: 7 });                      // with its configuration; reproducible
 * const ech = echSettings({ keys: [key], names: nameMap({ "private.example": service }) });
 * const client = await EchClient.foreign(key);              // sealed by hpke-js: what proves something
 * const client = EchClient.seeded(key);                     // sealed at once by our own parts: for pure tests
 *
 * const first = await client.hello();                       // { outer, inner, encoded }: handshake messages
 * const first = client.hello({ inner: { serverName: "a.example" }, compressed: [43, 51] }); // of a seeded one
 * toRecords(first.outer);                                   // on the wire; first.inner is what must come out
 * const second = await client.hello({ isSecond: true });    // after a HelloRetryRequest: same context, no enc
 * ```
 *
 * Each call of `hello` uses up a number of the HPKE context, so the first hello is to be sealed first. A stale client is
 * one of a key that the server does not have; `greaseHello` makes what clients without a configuration send.
 *
 * @module
 */

import type { EchCipherSuite, EchKem, EchKey, EchSettings } from "../../src/model/ech.ts";
import type { NameMap, Service } from "../../src/model/snapshot.ts";
import { encodeEchConfig } from "../../src/proto/ech/config.ts";
import { HPKE_KEMS } from "../../src/proto/hpke/suites.ts";
import { keyPairFromSeed } from "../../src/proto/hpke/key.ts";
import {
  buildClientHello,
  type ClientHelloSpec,
  concat,
  extensionsOf,
  latin1,
  type RawExtension,
  u16,
  vector16,
  vector8,
} from "./client_hello_builder.ts";
import { foreignSender, type HpkeSender, seededSender } from "./hpke_sender.ts";

const SNI = 0;
const ECH = 0xfe0d;
const OUTER_EXTENSIONS = 0xfd00;
const TAG = 16;
const GREASE = 0x2a2a;

/** All suites that a key can list. */
export const ALL_SUITES: readonly EchCipherSuite[] = [1, 2, 3].flatMap((kdf) =>
  [1, 2, 3].map((aead) => ({ kdf, aead }))
);

/** HKDF-SHA256 with AES-128-GCM, which every implementation has. */
export const COMMON_SUITE: EchCipherSuite = { kdf: 1, aead: 1 };

/** What a key is made from; defaults: config_id 7, X25519, `public.example`, all suites. */
export interface EchKeySpec {
  readonly configId?: number;
  readonly kem?: EchKem;
  readonly publicName?: string;
  readonly suites?: readonly EchCipherSuite[];
  /** Keys of different seeds differ. Default: the config_id. */
  readonly seed?: number;
}

/** A key with its configuration; the same for the same spec. */
export function echKey(spec: EchKeySpec = {}): EchKey {
  const { configId = 7, kem = "x25519", publicName = "public.example", suites = ALL_SUITES } = spec;
  const pair = keyPairFromSeed(kem, new Uint8Array(32).fill(spec.seed ?? configId));
  const config = encodeEchConfig({
    configId,
    kem: HPKE_KEMS[kem].id,
    publicKey: pair.publicKey,
    suites,
    maximumNameLength: 0,
    publicName,
    extensions: [],
  });
  return { config, configId, kem, ...pair, suites, publicName };
}

/** Settings with these keys; nothing is served unless `names` says so. */
export function echSettings(
  part: Partial<EchSettings> & Pick<EchSettings, "keys">,
): EchSettings {
  return {
    trialDecryption: false,
    retiredConfigIds: [],
    names: nameMap({}),
    onReject: { kind: "target" },
    logInnerNames: false,
    ...part,
  };
}

/** Exact names with their services. */
export function nameMap(services: Readonly<Record<string, Service>>): NameMap<Service> {
  return { exact: new Map(Object.entries(services)), wildcard: new Map(), suffix: new Map() };
}

/** What a sealed hello is made from. */
export interface EchHelloSpec {
  /** The inner hello, which gets its ECH extension behind all others. */
  readonly inner?: ClientHelloSpec;
  /** Over the inner hello's parts, with the public name for its own. */
  readonly outer?: ClientHelloSpec;
  /** Whether the outer hello has no name at all. */
  readonly isNameless?: boolean;
  /** Types of the inner hello's extensions that are left to the outer one; they must follow on one another there. */
  readonly compressed?: readonly number[];
  /** Zeros behind the encoded hello; default 32. */
  readonly padding?: number;
  /** Changes the encoded inner hello before it is sealed. */
  readonly tamper?: (encoded: Uint8Array) => Uint8Array;
  /** Where the ECH extension stands among those of the outer hello; default: last. */
  readonly place?: number;
  /** Whether this follows on a HelloRetryRequest: without `enc`. */
  readonly isSecond?: boolean;
  /** What the outer extension claims; default: the truth. */
  readonly configId?: number;
  /** See `configId`. */
  readonly suite?: EchCipherSuite;
  /** See `configId`. */
  readonly enc?: Uint8Array;
}

/** A sealed hello. */
export interface SealedHello {
  /** Handshake message for the wire. */
  readonly outer: Uint8Array;
  /** Handshake message that an untampered one opens to. */
  readonly inner: Uint8Array;
  /** EncodedClientHelloInner, as it was sealed. */
  readonly encoded: Uint8Array;
  /** Where the payload is in `outer`. */
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Whom a client seals for: a key, of which the private part is not used. */
export type EchClientKey = Omit<EchKey, "privateKey">;

/** One connection of a client: its hellos are sealed with one context. */
export class EchClient<Sealed extends Uint8Array | Promise<Uint8Array>> {
  readonly #key: EchClientKey;
  readonly #suite: EchCipherSuite;
  readonly #sender: HpkeSender<Sealed>;

  constructor(key: EchClientKey, suite: EchCipherSuite, sender: HpkeSender<Sealed>) {
    this.#key = key;
    this.#suite = suite;
    this.#sender = sender;
  }

  /** A client that seals by hpke-js; each has a key of its own. */
  static async foreign(
    key: EchClientKey,
    suite: EchCipherSuite = COMMON_SUITE,
  ): Promise<EchClient<Promise<Uint8Array>>> {
    return new EchClient(key, suite, await foreignSender(key, suite, infoFor(key)));
  }

  /** A client that seals at once; the same for the same seed. */
  static seeded(
    key: EchClientKey,
    suite: EchCipherSuite = COMMON_SUITE,
    seed?: Uint8Array,
  ): EchClient<Uint8Array> {
    return new EchClient(key, suite, seededSender(key, suite, infoFor(key), seed));
  }

  /** The next hello. */
  hello(
    spec: EchHelloSpec = {},
  ): Sealed extends Uint8Array ? SealedHello : Promise<SealedHello> {
    const innerSpec = { ...DEFAULT_INNER, ...spec.inner };
    const innerExtensions = [...extensionsOf(innerSpec), { type: ECH, data: Uint8Array.of(1) }];
    const inner = innerHello(innerSpec, innerExtensions);
    const whole = concat(
      sessionlessBody({
        ...innerSpec,
        extensions: compress(innerExtensions, spec.compressed ?? []),
      }),
      new Uint8Array(spec.padding ?? 32),
    );
    const encoded = spec.tamper?.(whole) ?? whole;

    const outerSpec = { ...innerSpec, serverName: this.#key.publicName, ...spec.outer };
    const { kdf, aead } = spec.suite ?? this.#suite;
    const enc = spec.enc ?? (spec.isSecond ? new Uint8Array(0) : this.#sender.enc);
    const head = concat(
      Uint8Array.of(0),
      u16(kdf),
      u16(aead),
      Uint8Array.of(spec.configId ?? this.#key.configId),
      vector16(enc),
      u16(encoded.length + TAG),
    );
    const data = concat(head, new Uint8Array(encoded.length + TAG));
    const others = extensionsOf(outerSpec).filter(({ type }) => type !== SNI || !spec.isNameless);
    const extensions = others.toSpliced(spec.place ?? others.length, 0, { type: ECH, data });
    const outer = buildClientHello({ ...frameOf(outerSpec), extensions });
    const payloadEnd = outer.length - sizeOf(extensions.slice((spec.place ?? others.length) + 1));
    const payloadStart = payloadEnd - encoded.length - TAG;

    const finish = (payload: Uint8Array): SealedHello => {
      outer.set(payload, payloadStart);
      return { outer, inner, encoded, payloadStart, payloadEnd };
    };
    const payload: Uint8Array | Promise<Uint8Array> = this.#sender.seal(outer.slice(4), encoded);
    const sealed = payload instanceof Uint8Array ? finish(payload) : payload.then(finish);
    return sealed as Sealed extends Uint8Array ? SealedHello : Promise<SealedHello>;
  }
}

/** A hello with an ECH extension of nothing but chance, or any bytes that stand for it (RFC 9849 §6.2). */
export function greaseHello(
  configId: number,
  { spec = DEFAULT_INNER, enc = new Uint8Array(32).fill(9), length = 200 }: {
    readonly spec?: ClientHelloSpec;
    readonly enc?: Uint8Array;
    readonly length?: number;
  } = {},
): Uint8Array {
  const payload = Uint8Array.from({ length }, (_, i) => i * 31 + configId);
  const data = concat(
    Uint8Array.of(0, 0, 1, 0, 1, configId),
    vector16(enc),
    vector16(payload),
  );
  return buildClientHello({ ...spec, extensions: [...spec.extensions ?? [], { type: ECH, data }] });
}

/** What an inner hello says unless it is told otherwise. */
export const DEFAULT_INNER: ClientHelloSpec = {
  cipherSuites: [GREASE, 0x1301, 0x1302, 0x1303],
  serverName: "private.example",
  alpn: ["h2", "http/1.1"],
  supportedVersions: [GREASE, 0x0304],
  keyShareLength: 32,
};

/** `info` of HPKE (RFC 9849 §6.1). */
function infoFor({ config }: EchClientKey): Uint8Array {
  return concat(latin1("tls ech\0"), config);
}

/** The whole inner hello; its random differs from the outer one's. */
function innerHello(spec: ClientHelloSpec, extensions: readonly RawExtension[]): Uint8Array {
  const message = buildClientHello({ ...frameOf(spec), extensions });
  return message.fill(0x69, RANDOM, RANDOM + 32);
}

/** Offset of the random in a handshake message. */
const RANDOM = 6;

/** EncodedClientHelloInner without padding, of an inner hello with these extensions and no others (RFC 9849 §5.1). */
export function sessionlessBody(spec: ClientHelloSpec): Uint8Array {
  const frame = { ...frameOf(spec), sessionId: new Uint8Array(0) };
  return innerHello(frame, spec.extensions ?? []).slice(4);
}

/** What stands in front of the extensions. */
function frameOf({ legacyVersion, sessionId, cipherSuites }: ClientHelloSpec): ClientHelloSpec {
  return {
    ...(legacyVersion === undefined ? {} : { legacyVersion }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
  };
}

function compress(
  extensions: readonly RawExtension[],
  types: readonly number[],
): readonly RawExtension[] {
  if (types.length === 0) return extensions;
  const place = extensions.findIndex(({ type }) => types.includes(type));
  const reference = { type: OUTER_EXTENSIONS, data: vector8(concat(...types.map(u16))) };
  const kept = extensions.filter(({ type }) => !types.includes(type));
  return kept.toSpliced(Math.max(0, place), 0, reference);
}

function sizeOf(extensions: readonly RawExtension[]): number {
  return extensions.reduce((size, { data }) => size + 4 + data.length, 0);
}
