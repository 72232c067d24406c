/**
 * ClientHello messages, well-formed or with a few changes that keep most lengths right.
 *
 * @module
 */

import {
  alpnData,
  buildClientHello,
  type ClientHelloSpec,
  concat,
  extensionsOf,
  latin1,
  type RawExtension,
  serverNameData,
  toRecords,
  u16,
} from "../support/client_hello_builder.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

const NAMES = ["example.com", "WWW.Example.", "server4:443", "", "a b", "\xe9", "*.a", "::1", "."];
const ALPN = ["h2", "http/1.1", "h3", "\x0a\x0a", "H2", "x".repeat(255), ","];
const GREASE = 0x1a1a;

/** A ClientHello handshake message. */
export function helloMessage(random: Random): Uint8Array {
  if (random.oneIn(2)) return buildClientHello(plainSpec(random));
  const spec = helloSpec(random);
  let extensions = extensionsOf(spec);
  if (random.oneIn(3)) {
    extensions = random.shuffled([...extensions, ...random.list(0, 3, () => oddExtension(random))]);
  }
  if (random.oneIn(10)) extensions = extensions.concat(extensions.slice(0, 1));
  if (random.oneIn(4)) extensions = extensions.map((extension) => damaged(random, extension));
  const { legacyVersion = 0x0303, sessionId = new Uint8Array(0), cipherSuites = [0x1301] } = spec;
  const withoutExtensions = spec.withoutExtensions ?? false;
  const message = buildClientHello({
    legacyVersion,
    sessionId,
    cipherSuites,
    withoutExtensions,
    extensions,
  });
  return random.oneIn(3) ? mutate(random, message, []) : message;
}

/** A hello in TLS records of any sizes, with or without something behind it. */
export function helloRecords(random: Random): Uint8Array {
  const sizes = random.list(1, 4, () => random.pick([1, 2, 3, 5, 100, 512, 16384]));
  const records = toRecords(
    helloMessage(random),
    sizes,
    random.pick([0x0300, 0x0301, 0x0303, 0x0304]),
  );
  return random.oneIn(3) ? concat(records, random.bytes(random.below(30))) : records;
}

function plainSpec(random: Random): ClientHelloSpec {
  return {
    serverName: random.pick(NAMES),
    alpn: random.list(1, 4, () => random.pick(ALPN)),
    supportedVersions: [GREASE, 0x0304, 0x0303],
    keyShareLength: random.pick([32, 1216]),
  };
}

function helloSpec(random: Random): ClientHelloSpec {
  const sometimes = <T>(make: () => T) => random.oneIn(3) ? undefined : make();
  const spec = {
    legacyVersion: sometimes(() =>
      random.pick([0, 0x0002, 0x0300, 0x0301, 0x0303, 0x0304, 0xfefd])
    ),
    sessionId: sometimes(() => random.bytes(random.pick([0, 1, 31, 32, 33]))),
    cipherSuites: sometimes(() => [GREASE, 0x5600, 0x00ff, ...random.list(0, 30, () => 0x1301)]),
    serverName: sometimes(() => random.pick(NAMES)),
    alpn: sometimes(() => random.list(0, random.pick([1, 5, 130]), () => random.pick(ALPN))),
    supportedVersions: sometimes(() =>
      random.list(0, 4, () => random.pick([GREASE, 0x0304, 0x0303]))
    ),
    keyShareLength: sometimes(() => random.pick([32, 1216])),
    echPayloadLength: random.oneIn(3) ? random.below(300) : undefined,
    withoutExtensions: random.oneIn(20) ? true : undefined,
  };
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

function oddExtension(random: Random): RawExtension {
  const name = () => ({ type: random.pick([0, 0, 1, 255]), name: latin1(random.pick(NAMES)) });
  return random.pick([
    () => ({ type: 0, data: serverNameData(random.list(0, 3, name)) }),
    () => ({ type: 16, data: alpnData(random.list(0, 3, () => random.pick(ALPN))) }),
    () => ({ type: GREASE, data: random.bytes(random.below(2)) }),
    () => ({ type: 21, data: new Uint8Array(random.pick([0, 1, 200, 4000])) }),
    () => ({ type: 43, data: u16(0x0304) }),
    () => ({ type: random.below(0x10000), data: random.bytes(random.below(40)) }),
  ])();
}

function damaged(random: Random, extension: RawExtension): RawExtension {
  return random.oneIn(3)
    ? { type: extension.type, data: mutate(random, extension.data, []) }
    : extension;
}
