/**
 * Names of hosts as they stand in server names and configurations.
 *
 * @module
 */

/** Longest name in text form without the trailing dot (RFC 1035 §2.3.4: 255 bytes on the wire). */
const MAX_HOST_NAME = 253;

// Letters, digits, hyphen (RFC 1123 §2.1), and the underscore that real names have. No other byte may get through:
// names go to logs and into look-ups.
const HOST_NAME = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/;

/** Printable ASCII: what can be shown, though a rule may never name it. */
const PRINTABLE = /^[ -~]{1,255}$/;

/**
 * The name in lower case without a trailing dot, or null for what cannot be a host name. Internationalised names are
 * accepted in their A-label form only (RFC 6066 §3).
 */
export function canonicalHostName(text: string): string | null {
  if (text.length > MAX_HOST_NAME + 1) return null;
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  // Tested before the change of case, which turns some other characters into ASCII letters.
  return name.length <= MAX_HOST_NAME && HOST_NAME.test(name) ? name.toLowerCase() : null;
}

/**
 * A server name as a client sent it: the canonical name of a host, or else, for people to see, up to 255 characters of
 * printable ASCII in lower case, such as `server4:443`. Null for all other text.
 */
export function shownServerName(text: string): string | null {
  return canonicalHostName(text) ?? (PRINTABLE.test(text) ? text.toLowerCase() : null);
}
