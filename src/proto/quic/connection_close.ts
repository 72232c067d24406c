/**
 * A server's refusal of a connection, as its first packet (RFC 9000 §10.2.3).
 *
 * @module
 */

import { FRAME } from "./frames.ts";
import { deriveInitialKeys } from "./initial_keys.ts";
import { sealInitial } from "./packet_protection.ts";
import { writeVarint } from "./varint.ts";
import type { QuicVersion } from "./versions.ts";

/** Transport error codes (RFC 9000 §20.1). */
export const QUIC_ERROR = {
  /** The server does not take this connection. */
  connectionRefused: 0x02,
} as const;

/** The code by which a TLS alert is told (RFC 9001 §4.8). */
export function cryptoError(alert: number): number {
  return 0x0100 + alert;
}

/** Whom a refusal is for. */
export interface RefusedClient {
  readonly version: QuicVersion;
  /** The connection ID that keys are derived from: that of the client's first Initial, or of the one after a Retry. */
  readonly keyId: Uint8Array;
  /** The client's own connection ID. */
  readonly clientId: Uint8Array;
  /** The ID that the client sends to. One that has no packet of the server's yet takes whatever comes as the server's own. */
  readonly serverId: Uint8Array;
}

/**
 * A datagram that ends a connection in its handshake. It elicits no acknowledgment, so that it need not be padded (RFC 9000
 * §14.1): it is far smaller than what it answers, and of no use to whoever forges the sender.
 *
 * @param packetNumber one that the server has not used
 */
export function closeConnection(
  { version, keyId, clientId, serverId }: RefusedClient,
  errorCode: number,
  packetNumber = 0,
): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(16);
  payload[0] = FRAME.connectionClose;
  let end = writeVarint(payload, 1, errorCode);
  end = writeVarint(payload, end, errorCode < cryptoError(0) ? 0 : FRAME.crypto); // what it was about
  end = writeVarint(payload, end, 0); // no words for the reason

  const header = initialHeader(version, clientId, serverId, packetNumber, end);
  const keys = deriveInitialKeys(version, keyId, "server");
  return sealInitial(keys, { header, packetNumber, payload: payload.subarray(0, end) });
}

/** RFC 9000 §17.2.2, with a packet number of full length and no token. */
function initialHeader(
  version: QuicVersion,
  dcid: Uint8Array,
  scid: Uint8Array,
  packetNumber: number,
  payloadLength: number,
): Uint8Array {
  const NUMBER_LENGTH = 4;
  const TAG = 16;
  const header = new Uint8Array(1 + 4 + 1 + dcid.length + 1 + scid.length + 1 + 1 + NUMBER_LENGTH);
  const view = new DataView(header.buffer);
  const type = version.packetTypes.indexOf("initial");
  header[0] = 0xc0 | type << 4 | NUMBER_LENGTH - 1;
  view.setUint32(1, version.id);
  header[5] = dcid.length;
  header.set(dcid, 6);
  let end = 6 + dcid.length;
  header[end++] = scid.length;
  header.set(scid, end);
  end += scid.length;
  header[end++] = 0; // token length
  end = writeVarint(header, end, NUMBER_LENGTH + payloadLength + TAG);
  view.setUint32(end, packetNumber);
  return header;
}
