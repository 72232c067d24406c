/**
 * Records of TLS 1.3 as they are on the wire (RFC 8446 §5.1).
 *
 * @module
 */

import { NEED_MORE } from "../../model/verdict.ts";
import { concat } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import { u16 } from "../tls/encode.ts";
import { CONTENT, MAX_CONTENT, MAX_SEALED, RECORD_HEADER } from "../tls/record_layer.ts";

/** A record as it was found. */
export interface WireRecord {
  readonly kind: "record";
  readonly type: number;
  /** All of it, header included: a view. */
  readonly bytes: Uint8Array;
}

/** The record at `start`. What cannot become one is told from its header alone. */
export function readRecord(
  bytes: Uint8Array,
  start: number,
): WireRecord | typeof NEED_MORE | { readonly kind: "fault"; readonly alert: number } {
  const type = bytes[start];
  if (type === undefined) return NEED_MORE;
  if (type < CONTENT.changeCipherSpec || type > CONTENT.applicationData) {
    return { kind: "fault", alert: ALERT.unexpectedMessage };
  }
  if (bytes.length < start + RECORD_HEADER) return NEED_MORE;
  // The version means nothing (RFC 8446 §5.1).
  const length = (bytes[start + 3] ?? 0) << 8 | (bytes[start + 4] ?? 0);
  if (length > (type === CONTENT.applicationData ? MAX_SEALED : MAX_CONTENT)) {
    return { kind: "fault", alert: ALERT.recordOverflow };
  }
  const end = start + RECORD_HEADER + length;
  if (bytes.length < end) return NEED_MORE;
  return { kind: "record", type, bytes: bytes.subarray(start, end) };
}

/** What a record that is not sealed carries. */
export function payloadOf({ bytes }: WireRecord): Uint8Array {
  return bytes.subarray(RECORD_HEADER);
}

/** Header of a record with a payload of this length. */
export function recordHeader(type: number, length: number): Uint8Array {
  return Uint8Array.of(type, 3, 3, length >> 8, length);
}

/** A record that is not sealed. Its content is at most {@linkcode MAX_CONTENT} bytes. */
export function encodeRecord(type: number, content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 3, 3), u16(content.length), content);
}

/** Changes nothing but what middleboxes think (RFC 8446 §D.4). */
export const CHANGE_CIPHER_SPEC: Uint8Array = encodeRecord(
  CONTENT.changeCipherSpec,
  Uint8Array.of(1),
);

/** Whether this is that record, of which there is only one in TLS 1.3. */
export function isChangeCipherSpec({ bytes }: WireRecord): boolean {
  const [type, , , high, low, value] = bytes;
  return type === CONTENT.changeCipherSpec && high === 0 && low === 1 && value === 1;
}
