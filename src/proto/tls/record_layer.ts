/**
 * Numbers of the record layer of TLS (RFC 8446 §5).
 *
 * @module
 */

/** ContentType (RFC 8446 §B.1). */
export const CONTENT = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
} as const;

/** Bytes before the payload: type, version and length. */
export const RECORD_HEADER = 5;

/** Most bytes of content in one record. */
export const MAX_CONTENT = 1 << 14;

/** Most bytes of a payload that is sealed (RFC 8446 §5.2). */
export const MAX_SEALED = MAX_CONTENT + 256;
