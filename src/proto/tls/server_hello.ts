/**
 * What tells a ServerHello from other messages (RFC 8446 §4.1.3).
 *
 * @module
 */

/** Type byte of a ServerHello (RFC 8446 §4). */
export const SERVER_HELLO_TYPE = 2;

/** The random value that makes a ServerHello a HelloRetryRequest: SHA-256 of that word. */
export const RETRY_REQUEST_RANDOM: Uint8Array = Uint8Array.fromHex(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c",
);
