/**
 * Values that no message may repeat: keys, and names that Encrypted Client Hello is there to hide. Messages go to logs.
 *
 * @module
 */

import { canonicalHost } from "../../../proto/ip.ts";
import { parseNamePattern, parsePort, parseTarget } from "../endpoint.ts";
import type { Target } from "../../../model/snapshot.ts";
import { ValueError } from "../value_error.ts";

/** Bytes of a private key of either KEM (RFC 9180 §7.1). */
const PRIVATE_KEY_LENGTH = 32;

/** An entry of `private_server_names`. */
export interface PrivateName {
  readonly name: string;
  /** Null: that of the listener. */
  readonly port: number | null;
}

/**
 * Reads base64 with or without padding.
 *
 * @throws {ValueError} when it is not base64
 */
export function parseBase64(text: string): Uint8Array<ArrayBuffer> {
  const bare = text.replace(/={1,2}$/, "");
  const padded = bare.length < text.length;
  const whole = bare.length % 4 !== 1 && (!padded || text.length % 4 === 0);
  if (bare !== "" && whole && /^[A-Za-z0-9+/]+$/.test(bare)) return Uint8Array.fromBase64(bare);
  throw new ValueError(
    "This is not base64",
    text.startsWith("ech=")
      ? "Leave ech= and its quotes away"
      : "Use the alphabet with + and /, without line breaks",
  );
}

/**
 * Reads a private key as HPKE has it: the scalar alone.
 *
 * @throws {ValueError} when it cannot be one
 */
export function parsePrivateKey(text: string): Uint8Array<ArrayBuffer> {
  const key = parseBase64(text);
  if (key.length === PRIVATE_KEY_LENGTH) return key;
  throw new ValueError(
    `A private key has ${PRIVATE_KEY_LENGTH} bytes, and this is base64 of ${key.length}`,
    "Keys in PEM stand in a file of their own: name it in key_files",
  );
}

/**
 * Reads `name` or `name:port`.
 *
 * @throws {ValueError} when it is neither
 */
export function parsePrivateName(text: string): PrivateName {
  return withoutRepeating(text, () => {
    const colon = text.lastIndexOf(":");
    const isAddress = canonicalHost(text) !== null;
    const [host, digits] = colon < 0 || isAddress
      ? [text, null]
      : [text.slice(0, colon), text.slice(colon + 1)];
    if (/^\*?\./.test(host)) {
      throw new ValueError(
        "A pattern has no address of its own to connect to",
        'Give it one, as in private = [{ names = ["*.inner.example"], target = ["10.0.0.5:443"] }]',
      );
    }
    const port = digits === null ? null : parsePort(text, digits);
    return { name: parsePrivatePattern(host), port };
  });
}

/**
 * Reads an inner name, with the patterns of `server_names`.
 *
 * @throws {ValueError} when no client could send it
 */
export function parsePrivatePattern(text: string): string {
  return withoutRepeating(text, () => {
    if (canonicalHost(text) === null) return parseNamePattern(text, "server name");
    throw new ValueError(
      "This is an IP address, which clients never send as a server name",
      "Write the name that clients ask for; the address of its backend goes into a target",
    );
  });
}

/**
 * Reads `host:port` of a backend that may be known by its inner name.
 *
 * @throws {ValueError} when it is not that
 */
export function parsePrivateTarget(text: string): Target {
  return withoutRepeating(text, () => parseTarget(text), 'Write it as in "10.0.0.5:443"');
}

/** Stands in a message for a name. */
export function unnamed(): string {
  return "This";
}

/** Messages begin with what they are about, in quotes; hints may have it, too, in whose place comes `hint`. */
function withoutRepeating<T>(text: string, parse: () => T, hint: string | null = null): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const message = error.message.replace(/^"(?:[^"\\]|\\.)*"/, unnamed());
    throw new ValueError(message, error.hint?.includes(text) ? hint : error.hint);
  }
}
