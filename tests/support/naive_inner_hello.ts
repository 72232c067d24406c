/**
 * The inner hello once more, as the rules have it and without regard to cost: what the real decoder is compared with.
 *
 * @module
 */

import { buildClientHello, concat, type RawExtension } from "./client_hello_builder.ts";

const ECH = 0xfe0d;
const OUTER_EXTENSIONS = 0xfd00;
const VERSIONS = 43;

/** Parts of the body of a ClientHello (RFC 8446 §4.1.2). */
interface Body {
  /** Version and random. */
  readonly start: readonly number[];
  readonly sessionId: readonly number[];
  /** Cipher suites and compression methods, each with its length. */
  readonly middle: readonly number[];
  readonly extensions: readonly RawExtension[];
  readonly rest: readonly number[];
}

/**
 * The inner hello as handshake message; null where a rule of RFC 9849 §5.1 or §7.1 is broken, but for that on the public
 * name. Of extensions, only those of ECH itself and the versions are looked into.
 *
 * @param encoded EncodedClientHelloInner
 * @param outer the outer hello as handshake message, which is sound
 */
export function expandNaively(encoded: Uint8Array, outer: Uint8Array): Uint8Array | null {
  const inside = readBody([...encoded]);
  const outside = readBody([...outer.subarray(4)]);
  if (inside === null || outside === null) return null;
  if (inside.sessionId.length > 0 || inside.extensions.length === 0) return null;
  if (inside.rest.some((byte) => byte !== 0)) return null;
  if (outside.extensions.some(({ type }) => type === OUTER_EXTENSIONS)) return null;
  if (inside.extensions.filter(({ type }) => type === OUTER_EXTENSIONS).length > 1) return null;

  const extensions: RawExtension[] = [];
  for (const extension of inside.extensions) {
    const found = extension.type === OUTER_EXTENSIONS
      ? referred([...extension.data], outside.extensions)
      : [extension];
    if (found === null) return null;
    extensions.push(...found);
  }
  const types = extensions.map(({ type }) => type);
  if (new Set(types).size < types.length) return null;
  const dataOf = (type: number) => extensions.find((extension) => extension.type === type)?.data;
  if (dataOf(ECH)?.toHex() !== "01") return null;
  const versions = dataOf(VERSIONS)?.subarray(1).toHex() ?? "";
  const offered: readonly string[] = versions.match(/..../g) ?? [];
  if (!offered.includes("0304") || offered.some((version) => version < "0304")) return null;

  const tail = buildClientHello({ sessionId: new Uint8Array(0), cipherSuites: [0], extensions })
    .subarray(4 + 34 + 1 + 4 + 2);
  const body = concat(
    Uint8Array.from([...inside.start, outside.sessionId.length, ...outside.sessionId]),
    Uint8Array.from(inside.middle),
    tail,
  );
  return concat(Uint8Array.of(1, body.length >> 16, body.length >> 8, body.length), body);
}

function referred(
  data: readonly number[],
  outside: readonly RawExtension[],
): RawExtension[] | null {
  const [length, ...bytes] = data;
  if (length !== bytes.length || length < 2 || length % 2 === 1) return null;
  const found: RawExtension[] = [];
  let last = -1;
  for (let i = 0; i < bytes.length; i += 2) {
    const wanted = (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
    const place = outside.findIndex(({ type }) => type === wanted);
    const extension = outside[place];
    if (wanted === ECH || extension === undefined || place <= last) return null;
    last = place;
    found.push(extension);
  }
  return found;
}

function readBody(bytes: readonly number[]): Body | null {
  let at = 0;
  let isShort = false;
  const take = (length: number): number[] => {
    isShort ||= at + length > bytes.length;
    at += length;
    return bytes.slice(at - length, at);
  };
  const number = (length: number) => take(length).reduce((value, byte) => value * 256 + byte, 0);
  const start = take(34);
  const sessionId = take(number(1));
  const middleStart = at;
  const suites = number(2);
  take(suites);
  const methods = number(1);
  take(methods);
  const middle = bytes.slice(middleStart, at);
  const end = number(2) + at;
  const extensions: RawExtension[] = [];
  while (at < end && !isShort) {
    extensions.push({ type: number(2), data: Uint8Array.from(take(number(2))) });
  }
  const isOdd = suites < 2 || suites % 2 === 1 || methods < 1 || (start[0] ?? 0) < 3;
  return isShort || at !== end || isOdd
    ? null
    : { start, sessionId, middle, extensions, rest: bytes.slice(at) };
}
