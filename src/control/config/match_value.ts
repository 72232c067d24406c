/**
 * Values that flows are chosen by, as a configuration writes them.
 *
 * @module
 */

import { utf8AsLatin1 } from "../../proto/bytes.ts";
import { canonicalHost } from "../../proto/ip.ts";
import { compilePattern, PatternError } from "../../proto/pattern.ts";
import { parseNamePattern } from "./endpoint.ts";
import { escapeInvisible, quote, ValueError } from "./value_error.ts";

/** Longest text that a match field can have. */
const MAX_TEXT = 255;

/** Longest beginning of a path: the byte behind it must be known as well, to tell whether a segment ends there. */
const MAX_PATH_PREFIX = MAX_TEXT - 1;

/**
 * Reads a host that clients ask for: an IPv4 address, or what {@linkcode parseNamePattern} takes.
 *
 * @throws {ValueError} when it is neither
 */
export function parseHostPattern(text: string): string {
  const ip = canonicalHost(text);
  if (ip !== null && !ip.includes(":")) return ip;
  if (ip === null) return parseNamePattern(text, "host name");
  throw new ValueError(`${quote(text)} is an IPv6 address, which is no name`, "Remove it");
}

/**
 * Reads the beginning of a path. Clients send paths in ASCII; other characters are taken as their UTF-8 bytes.
 *
 * @throws {ValueError} when no path can begin like that
 */
export function parsePathPrefix(text: string): string {
  // A star in a path is hardly ever meant as a character, and as one it would fit next to nothing.
  if (text.endsWith("*")) {
    throw new ValueError(
      `${quote(text)} has a star, which stands for nothing in a path`,
      starHint(text),
    );
  }
  if (/^\/[^?#\s]*$/.test(text)) {
    const path = utf8AsLatin1(text);
    if (path.length <= MAX_PATH_PREFIX) return path;
    throw new ValueError(
      `A path must have at most ${MAX_PATH_PREFIX} bytes, not ${path.length}`,
      "Write the first segments of it",
    );
  }
  const hint = text.startsWith("/")
    ? "Only the path counts: write it without query, fragment and white space"
    : 'A path begins with a slash, as in "/api"';
  throw new ValueError(`${quote(text)} is not a path`, hint);
}

function starHint(text: string): string {
  const [, above] = /^(.*)\/\*+$/s.exec(text) ?? [];
  return above === undefined
    ? "A path stands for whole segments and all below them: write those in full"
    : `Write ${quote(above || "/")}: a path stands for all below it, too`;
}

/**
 * Reads a text that a client may send, with stars for any text.
 *
 * @throws {ValueError} when it is empty, too long, or fits everything
 */
export function parseText(text: string): string {
  if (/^\*+$/.test(text)) {
    throw new ValueError(`${quote(text)} fits every text`, "Leave the key out to take every one");
  }
  const bytes = utf8AsLatin1(text);
  if (bytes.length >= 1 && bytes.length <= MAX_TEXT) return bytes;
  throw new ValueError(`A text must have 1 to ${MAX_TEXT} bytes, not ${bytes.length}`);
}

/**
 * Reads the name of a client program, in which stars stand for any text.
 *
 * @throws {ValueError} when it is the whole identification string: the version before the name has a key of its own
 */
export function parseSoftware(text: string): string {
  const [version] = /^SSH-[^-]*-/i.exec(text) ?? [];
  if (version === undefined) return parseText(text);
  throw new ValueError(
    `${quote(text)} begins with the version of the protocol, not with the name of a program`,
    `Write ${quote(text.slice(version.length) || "OpenSSH_*")}; the version goes into versions`,
  );
}

/**
 * Reads a JA4 fingerprint of a client, in which stars stand for any text.
 *
 * @throws {ValueError} when no ClientHello can have it
 */
export function parseJa4(text: string): string {
  const fingerprint = text.toLowerCase();
  const whole = /^[tqd](?:1[0-3]|d[123]|s[23]|00)[di][0-9]{4}[0-9a-z]{2}(?:_[0-9a-f]{12}){2}$/;
  const part = /^[0-9a-z_*]{2,36}$/;
  if (fingerprint.includes("*") ? part.test(fingerprint) : whole.test(fingerprint)) {
    return parseText(fingerprint);
  }
  throw new ValueError(
    `${quote(text)} is not a JA4 fingerprint`,
    'Write it as in "t13d1516h2_8daaf6152771_e5627efa2ab1", or a part of it with a star',
  );
}

/**
 * Reads a Curve25519 public key.
 *
 * @throws {ValueError} when it is not 32 bytes in base64
 */
export function parsePublicKey(text: string): string {
  // 43 characters are 258 bits: the last two of them are zero.
  if (/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text)) return text;
  throw new ValueError(
    "This is not a WireGuard public key: 32 bytes in base64",
    "Write what `wg show INTERFACE public-key` prints on the server",
  );
}

/**
 * Reads a regular expression.
 *
 * @throws {ValueError} when it cannot be compiled for bytes that come one after the other
 */
export function parsePattern(text: string): string {
  try {
    compilePattern(text);
    return text;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new ValueError(
      `${quote(text)} is not a pattern: ${escapeInvisible(error.message)}`,
      error.hint,
    );
  }
}
