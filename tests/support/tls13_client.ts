/**
 * A client of TLS 1.3 that does each step when it is told to, also those that no client should do.
 *
 * It shares the key schedule and the records with what it tests: those are held to the traces of RFC 8448, and the whole
 * to real clients.
 *
 * @module
 */

import assert from "node:assert/strict";
import { diffieHellman, type KeyObject, verify } from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { EchKem } from "../../src/model/ech.ts";
import { Reader } from "../../src/proto/bytes.ts";
import { importPrivateKey, importPublicKey, keyPairFromSeed } from "../../src/proto/hpke/key.ts";
import { CIPHER_SUITES, type CipherSuite } from "../../src/proto/tls13/cipher_suites.ts";
import {
  deriveApplicationSecrets,
  deriveHandshakeSecrets,
  finishedMac,
} from "../../src/proto/tls13/key_schedule.ts";
import { encodeRecord } from "../../src/proto/tls13/record.ts";
import { CONTENT, RECORD_HEADER } from "../../src/proto/tls/record_layer.ts";
import { RecordProtection } from "../../src/proto/tls13/record_protection.ts";
import { Transcript } from "../../src/proto/tls13/transcript.ts";
import {
  alpnData,
  buildClientHello,
  concat,
  type RawExtension,
  toRecords,
  u16,
  vector16,
  vector8,
} from "./client_hello_builder.ts";

/** Named groups. */
export const GROUP = { x25519: 0x001d, p256: 0x0017, p384: 0x0018, hybrid: 0x11ec } as const;

/** What a hello offers. */
export interface OfferSpec {
  /** Default: all three. */
  readonly cipherSuites?: readonly number[];
  /** Default: X25519. */
  readonly groups?: readonly number[];
  /** Groups to send shares of, with other bytes than a true share where wanted; default: the first group. */
  readonly shares?: readonly (number | readonly [group: number, key: Uint8Array])[];
  /** Default: ecdsa_secp256r1_sha256 and rsa_pss_rsae_sha256. */
  readonly signatureAlgorithms?: readonly number[];
  readonly alpn?: readonly string[];
  /** Default: TLS 1.3. */
  readonly versions?: readonly number[];
  readonly sessionId?: Uint8Array;
  /** Whether there is ECH: default true. */
  readonly ech?: boolean;
  /** More extensions, behind all others. */
  readonly extensions?: readonly RawExtension[];
  /** Types of extensions that are left out, `extensions` aside. */
  readonly without?: readonly number[];
}

/** What the server has said in its flight. */
export interface ServerSaid {
  readonly suite: number;
  readonly group: number;
  /** Data of the extensions of EncryptedExtensions by type. */
  readonly extensions: ReadonlyMap<number, Uint8Array>;
  readonly certificates: readonly Uint8Array[];
  readonly signatureScheme: number;
}

/** Verifies signatures by scheme: hash and salt length of RSA-PSS, null for ECDSA. */
const SCHEMES: ReadonlyMap<number, readonly [hash: string, saltLength: number | null]> = new Map([
  [0x0403, ["sha256", null]],
  [0x0804, ["sha256", 32]],
  [0x0805, ["sha384", 48]],
  [0x0806, ["sha512", 64]],
]);

/** One connection of a client whose keys are always the same. */
export class Tls13Client {
  /** Seals what the client sends; set as soon as there are keys, and for anyone to use. */
  sealer: RecordProtection | null = null;
  opener: RecordProtection | null = null;
  readonly #messages: Uint8Array[] = [];
  #afterFinished: [sealer: RecordProtection, opener: RecordProtection] | null = null;
  #finishedMessage: Uint8Array = new Uint8Array(0);

  /** The hello as a handshake message, which counts as sent. */
  hello(spec: OfferSpec = {}): Uint8Array {
    const message = helloMessage(spec);
    this.#messages.push(message);
    return message;
  }

  /** The hello in a record. */
  helloRecord(spec: OfferSpec = {}): Uint8Array {
    return toRecords(this.hello(spec));
  }

  /** Takes a HelloRetryRequest; returns the data of its extensions by type. */
  takeRetryRequest(reply: Uint8Array): ReadonlyMap<number, Uint8Array> {
    const message = payload(reply);
    this.#messages.push(message);
    return readServerHello(message).extensions;
  }

  /** Takes the server's flight; asserts that it proves the key that is given. */
  takeFlight(reply: Uint8Array, publicKey: KeyObject): ServerSaid {
    const message = payload(reply);
    const { suite, extensions } = readServerHello(message);
    const share = new Reader(extensions.get(51) ?? new Uint8Array(0));
    const group = share.u16();
    const secret = sharedSecret(group, share.take(share.u16()));

    const transcript = new Transcript(suite.hash);
    const [first, ...others] = this.#messages;
    assert.ok(first !== undefined);
    transcript.add(first);
    if (others.length > 0) transcript.foldFirstHello();
    for (const other of [...others, message]) transcript.add(other);
    const handshake = deriveHandshakeSecrets(suite.hash, secret, transcript.current());

    const opener = new RecordProtection(suite, handshake.server);
    const sealed = recordsOf(reply).slice(1).filter(([type]) => type === CONTENT.applicationData);
    const flight = concat(...sealed.map((record) => {
      const opened = opener.open(record);
      assert.ok(opened.kind === "opened" && opened.type === CONTENT.handshake);
      return opened.content;
    }));
    const said = readFlight(
      flight,
      transcript,
      publicKey,
      (hash) => finishedMac(suite.hash, handshake.server, hash),
    );
    const hash = transcript.current();
    this.#finishedMessage = concat(
      Uint8Array.of(20, 0, 0, hash.length),
      finishedMac(suite.hash, handshake.client, hash),
    );
    const application = deriveApplicationSecrets(suite.hash, handshake.master, hash);
    this.sealer = new RecordProtection(suite, handshake.client);
    this.opener = new RecordProtection(suite, application.server);
    this.#afterFinished = [new RecordProtection(suite, application.client), this.opener];
    return { ...said, suite: suite.id, group };
  }

  /** A sealed record. */
  seal(type: number, content: Uint8Array): Uint8Array {
    assert.ok(this.sealer !== null);
    return this.sealer.seal(type, content);
  }

  /** The Finished message; it is sent by `finished`, or changed on purpose by `seal`. */
  get finishedMessage(): Uint8Array {
    return this.#finishedMessage;
  }

  /** Finished in a record; what is sealed after it is so by the keys of application data. */
  finished(): Uint8Array {
    const record = this.seal(CONTENT.handshake, this.#finishedMessage);
    this.useApplicationKeys();
    return record;
  }

  /** Goes on to the keys of application data. */
  useApplicationKeys(): void {
    this.sealer = this.#afterFinished?.[0] ?? null;
  }

  /** A sealed alert. */
  alert(description: number): Uint8Array {
    return this.seal(CONTENT.alert, Uint8Array.of(2, description));
  }

  /** Sealed data. */
  data(bytes: Uint8Array): Uint8Array {
    return this.seal(CONTENT.applicationData, bytes);
  }

  /** A KeyUpdate, after which the client's next keys hold. */
  keyUpdate(request: number): Uint8Array {
    const record = this.seal(CONTENT.handshake, Uint8Array.of(24, 0, 0, 1, request));
    this.sealer?.update();
    return record;
  }

  /** Opens what the server sends after its flight: types and contents, in order. Follows its KeyUpdates. */
  open(bytes: Uint8Array): { readonly type: number; readonly content: Uint8Array }[] {
    return recordsOf(bytes).map((record) => {
      assert.ok(this.opener !== null);
      const opened = this.opener.open(record);
      assert.ok(opened.kind === "opened", "the server's record is authentic");
      if (opened.type === CONTENT.handshake) {
        assert.equal(opened.content.toHex(), "1800000100", "a KeyUpdate that asks for none");
        this.opener.update();
      }
      return { type: opened.type, content: opened.content };
    });
  }
}

/** A ClientHello of this offer as a handshake message. */
export function helloMessage(spec: OfferSpec = {}): Uint8Array {
  const groups = spec.groups ?? [GROUP.x25519];
  const shares = (spec.shares ?? groups.slice(0, 1)).map((share) =>
    typeof share === "number" ? [share, clientShare(share)] as const : share
  );
  const all: RawExtension[] = [
    { type: 43, data: vector8(concat(...(spec.versions ?? [0x0304]).map(u16))) },
    { type: 10, data: list16(groups) },
    { type: 13, data: list16(spec.signatureAlgorithms ?? [0x0403, 0x0804]) },
    {
      type: 51,
      data: vector16(concat(...shares.map(([group, key]) => concat(u16(group), vector16(key))))),
    },
    ...spec.alpn === undefined ? [] : [{ type: 16, data: alpnData(spec.alpn) }],
    ...spec.ech === false ? [] : [ECH],
  ];
  return buildClientHello({
    cipherSuites: spec.cipherSuites ?? [...CIPHER_SUITES.keys()],
    ...spec.sessionId === undefined ? {} : { sessionId: spec.sessionId },
    serverName: "public.test",
    extensions: [
      ...all.filter(({ type }) => !spec.without?.includes(type)),
      ...spec.extensions ?? [],
    ],
  });
}

/** The records that bytes are made of. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const reader = new Reader(bytes);
  while (reader.remaining > 0) {
    const start = reader.offset;
    reader.skip(RECORD_HEADER - 2);
    reader.skip(reader.u16());
    assert.ok(!reader.overrun, "whole records");
    records.push(bytes.subarray(start, reader.offset));
  }
  return records;
}

/** A record with an alert in the clear. */
export function clearAlert(description: number): Uint8Array {
  return encodeRecord(CONTENT.alert, Uint8Array.of(2, description));
}

/** An outer encrypted_client_hello that nobody can open. */
const ECH: RawExtension = {
  type: 0xfe0d,
  data: concat(
    Uint8Array.of(0, 0, 1, 0, 1, 7),
    vector16(new Uint8Array(32).fill(4)),
    vector16(new Uint8Array(180).fill(5)),
  ),
};

const SEED = new Uint8Array(32).fill(1);
const ML_KEM = ml_kem768.keygen(new Uint8Array(64).fill(2));
const PAIRS = { x25519: keyPairFromSeed("x25519", SEED), p256: keyPairFromSeed("p256", SEED) };

function clientShare(group: number): Uint8Array {
  switch (group) {
    case GROUP.x25519:
      return PAIRS.x25519.publicKey;
    case GROUP.p256:
      return PAIRS.p256.publicKey;
    case GROUP.hybrid:
      return concat(ML_KEM.publicKey, PAIRS.x25519.publicKey);
    default: // of a group that the server does not know, so that nobody looks at it
      return new Uint8Array(97).fill(4);
  }
}

function sharedSecret(group: number, share: Uint8Array): Uint8Array {
  switch (group) {
    case GROUP.x25519:
      return dh("x25519", share);
    case GROUP.p256:
      return dh("p256", share);
    case GROUP.hybrid: {
      const secret = ml_kem768.decapsulate(share.subarray(0, 1088), ML_KEM.secretKey);
      return concat(secret, dh("x25519", share.subarray(1088)));
    }
    default:
      throw new Error(`The server has chosen group ${group}`);
  }
}

function dh(kem: EchKem, share: Uint8Array): Uint8Array {
  const privateKey = importPrivateKey(kem, PAIRS[kem].privateKey);
  const publicKey = importPublicKey(kem, share);
  assert.ok(privateKey !== null && publicKey !== null);
  return diffieHellman({ privateKey, publicKey });
}

function readServerHello(message: Uint8Array) {
  const reader = new Reader(message);
  assert.equal(reader.u8(), 2);
  assert.equal(reader.u24(), reader.remaining);
  assert.equal(reader.u16(), 0x0303);
  reader.skip(32);
  reader.skip(reader.u8());
  const suite: CipherSuite | undefined = CIPHER_SUITES.get(reader.u16());
  assert.ok(suite !== undefined);
  assert.equal(reader.u8(), 0, "no compression");
  const extensions = readExtensions(reader);
  assert.equal(extensions.get(43)?.toHex(), "0304");
  assert.ok(reader.complete);
  return { suite, extensions };
}

function readFlight(
  flight: Uint8Array,
  transcript: Transcript,
  publicKey: KeyObject,
  mac: (hash: Uint8Array) => Uint8Array,
): Omit<ServerSaid, "suite" | "group"> {
  const reader = new Reader(flight);
  const next = (type: number): [Uint8Array, body: Reader] => {
    const start = reader.offset;
    assert.equal(reader.u8(), type);
    const body = reader.sub(reader.u24());
    return [flight.subarray(start, reader.offset), body];
  };

  const [encryptedExtensions, extensionsBody] = next(8);
  transcript.add(encryptedExtensions);
  const extensions = readExtensions(extensionsBody);

  const [certificate, entries] = next(11);
  transcript.add(certificate);
  assert.equal(entries.u8(), 0);
  const list = entries.sub(entries.u24());
  const certificates: Uint8Array[] = [];
  while (list.remaining > 0) {
    certificates.push(list.take(list.u24()));
    assert.equal(list.u16(), 0, "a certificate without extensions");
  }

  const signed = concat(
    new TextEncoder().encode(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`),
    transcript.current(),
  );
  const [certificateVerify, proof] = next(15);
  transcript.add(certificateVerify);
  const signatureScheme = proof.u16();
  const [hash, saltLength] = SCHEMES.get(signatureScheme) ?? ["", null];
  const key = saltLength === null ? publicKey : { key: publicKey, padding: 6, saltLength };
  assert.ok(verify(hash, signed, key, proof.take(proof.u16())), "the signature is right");

  const expected = mac(transcript.current());
  const [finished, verifyData] = next(20);
  transcript.add(finished);
  assert.deepEqual(verifyData.rest(), expected);
  assert.ok(reader.complete);
  return { extensions, certificates, signatureScheme };
}

function readExtensions(reader: Reader): Map<number, Uint8Array> {
  const list = reader.sub(reader.u16());
  const extensions = new Map<number, Uint8Array>();
  while (list.remaining > 0) {
    const type = list.u16();
    assert.ok(!extensions.has(type));
    extensions.set(type, list.take(list.u16()));
  }
  return extensions;
}

/** The message that the first record carries. */
function payload(reply: Uint8Array): Uint8Array {
  const [first] = recordsOf(reply);
  assert.ok(first !== undefined && first[0] === CONTENT.handshake);
  return first.slice(RECORD_HEADER);
}

function list16(values: readonly number[]): Uint8Array {
  return vector16(concat(...values.map(u16)));
}
