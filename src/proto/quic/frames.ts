/**
 * The frames that a client may send in Initial packets (RFC 9000 §12.4).
 *
 * @module
 */

import type { MalformedCode } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import type { HandshakeStream } from "../tls/handshake_stream.ts";
import { readVarint } from "./varint.ts";

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;
const CONNECTION_CLOSE = 0x1c;

/**
 * Walks over the frames of one Initial packet, the CRYPTO frames going into `stream`. All other types of frame are
 * forbidden there, and could not be passed over either. A type is one byte: it must be in its shortest encoding.
 */
export function readInitialFrames(
  payload: Uint8Array,
  stream: HandshakeStream,
): MalformedCode | null {
  const reader = new Reader(payload);
  if (reader.remaining === 0) return "bad_length"; // RFC 9000 §12.4: at least one frame
  while (reader.remaining > 0) {
    switch (reader.u8()) {
      case PADDING:
      case PING:
        break;
      case ACK:
        skipAck(reader, 0);
        break;
      case ACK_ECN:
        skipAck(reader, 3);
        break;
      case CRYPTO: {
        const offset = readVarint(reader);
        const data = reader.take(readVarint(reader));
        if (reader.overrun) return "bad_length";
        const fault = stream.insert(offset, data);
        if (fault !== null) return fault;
        break;
      }
      case CONNECTION_CLOSE:
        readVarint(reader); // error code
        readVarint(reader); // frame type
        reader.skip(readVarint(reader)); // reason
        break;
      default:
        return "bad_value";
    }
  }
  return reader.overrun ? "bad_length" : null;
}

/** RFC 9000 §19.3. */
function skipAck(reader: Reader, ecnCounts: number): void {
  readVarint(reader); // largest acknowledged
  readVarint(reader); // delay
  const ranges = readVarint(reader);
  readVarint(reader); // first range
  const integers = 2 * ranges + ecnCounts;
  for (let i = 0; i < integers && !reader.overrun; i++) readVarint(reader);
}
