/**
 * The frames that a client may send in Initial packets (RFC 9000 §12.4).
 *
 * @module
 */

import type { MalformedCode } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { readVarint } from "./varint.ts";

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;
const CONNECTION_CLOSE = 0x1c;

/** Types of frames that are written. */
export const FRAME = { ping: PING, crypto: CRYPTO, connectionClose: CONNECTION_CLOSE } as const;

/** Takes what is in the frames of a packet, in their order, as views of its payload. */
export interface FrameSink {
  /** Takes the data of a CRYPTO frame. Returns what is wrong with it. */
  insert(offset: number, data: Uint8Array): MalformedCode | null;
  /** Takes the other frames between two such, as they are. */
  keep?(frames: Uint8Array): void;
}

/**
 * Walks over the frames of one Initial packet. Types of frame that are forbidden there could not be passed over either. A
 * type is one byte: it must be in its shortest encoding.
 */
export function readInitialFrames(payload: Uint8Array, sink: FrameSink): MalformedCode | null {
  const reader = new Reader(payload);
  if (reader.remaining === 0) return "bad_length"; // RFC 9000 §12.4: at least one frame
  let keptFrom = 0;
  while (reader.remaining > 0) {
    const start = reader.offset;
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
        if (start > keptFrom) sink.keep?.(payload.subarray(keptFrom, start));
        keptFrom = reader.offset;
        const fault = sink.insert(offset, data);
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
  if (reader.overrun) return "bad_length";
  if (reader.offset > keptFrom) sink.keep?.(payload.subarray(keptFrom));
  return null;
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
