/**
 * TLS alerts (RFC 8446 §6).
 *
 * @module
 */

import { CONTENT } from "./record_layer.ts";

/** AlertDescription (IANA TLS Alerts), as far as they are sent or understood here. */
export const ALERT = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  internalError: 80,
  missingExtension: 109,
  unrecognizedName: 112,
  noApplicationProtocol: 120,
  /** Only ever sent by clients (RFC 9849 §11.2). */
  echRequired: 121,
} as const;

const FATAL = 2;

/** A fatal alert in a TLS record of its own, not encrypted: all that a client is told before keys are agreed on. */
export function encodeAlertRecord(alert: number): Uint8Array {
  return Uint8Array.of(CONTENT.alert, 3, 3, 0, 2, FATAL, alert);
}
