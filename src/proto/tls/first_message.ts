/**
 * The first handshake message of a TLS client, once more.
 *
 * @module
 */

import { HANDSHAKE_HEADER } from "./client_hello.ts";
import { HandshakeRecords } from "./record.ts";

/** A handshake message and what it takes up. */
export interface FirstMessage {
  /** Header included; a view where one record holds it all. */
  readonly message: Uint8Array;
  /** Bytes from the start of its first record to its own end. */
  readonly end: number;
  /** Whether its last record ends with it: else other handshake bytes follow in there. */
  readonly endsRecord: boolean;
}

/** Gathers the message that a detector has found whole at the start of `head`. Null where there is none. */
export function firstMessage(head: Uint8Array): FirstMessage | null {
  const records = new HandshakeRecords();
  if (records.advance(head, HANDSHAKE_HEADER) !== null) return null;
  const length = HANDSHAKE_HEADER +
    (records.at(head, 1) << 16 | records.at(head, 2) << 8 | records.at(head, 3));
  if (records.advance(head, length) !== null) return null;
  return {
    message: records.gather(head, length),
    end: records.offsetAfter(length),
    endsRecord: records.endsWith(length),
  };
}
