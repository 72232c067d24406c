/**
 * A datagram of a client with its Initials opened, and what becomes of their CRYPTO data.
 *
 * @module
 */

import type { ConnectionAttempt } from "./connection_attempt.ts";
import { FRAME, readInitialFrames } from "./frames.ts";
import type { CryptoData, HelloSwap } from "./hello_swap.ts";
import type { InitialPacket } from "./header.ts";
import { type OpenInitial, sealInitial } from "./packet_protection.ts";
import { writeVarint } from "./varint.ts";

/** A CRYPTO frame, or frames of other types as they are. */
export type Frames = CryptoData | Uint8Array;

/** An Initial packet that was opened. */
export interface Initial {
  readonly attempt: ConnectionAttempt;
  readonly packet: InitialPacket;
  readonly opened: OpenInitial;
  readonly frames: readonly Frames[];
  readonly crypto: readonly CryptoData[];
}

/** A datagram of the client, in memory of its own. */
export interface Flight {
  readonly datagram: Uint8Array<ArrayBuffer>;
  readonly initials: readonly Initial[];
  /** The connection ID that its early data is sent to, if it has any. */
  readonly earlyId: Uint8Array | null;
}

/** Splits a payload; null where it breaks the rules of frames. */
export function readFrames(payload: Uint8Array): Pick<Initial, "frames" | "crypto"> | null {
  const frames: Frames[] = [];
  const crypto: CryptoData[] = [];
  const fault = readInitialFrames(payload, {
    insert: (offset, data) => {
      const piece = { offset, data };
      frames.push(piece);
      crypto.push(piece);
      return null;
    },
    keep: (kept) => void frames.push(kept),
  });
  return fault === null ? { frames, crypto } : null;
}

/** Replaces the CRYPTO data of a datagram, in place. */
export function rewriteFlight({ datagram, initials }: Flight): Uint8Array<ArrayBuffer> {
  for (const { attempt, packet, opened, frames, crypto } of initials) {
    if (crypto.length === 0 || attempt.swap === null) continue;
    const payload = rewriteFrames(frames, opened.payload.length, attempt.swap);
    const keys = attempt.keys(packet.version);
    datagram.set(sealInitial(keys, { ...opened, payload }), packet.start);
  }
  return datagram;
}

/** What becomes shorter is filled up with PADDING frames, which are zeros. */
function rewriteFrames(frames: readonly Frames[], length: number, swap: HelloSwap): Uint8Array {
  const payload = new Uint8Array(length);
  let end = 0;
  for (const frame of frames) {
    if (frame instanceof Uint8Array) {
      payload.set(frame, end);
      end += frame.length;
      continue;
    }
    const { offset, data } = swap.replace(frame);
    if (data.length === 0) {
      payload[end++] = FRAME.ping; // so that the packet is acknowledged as before
      continue;
    }
    payload[end++] = FRAME.crypto;
    end = writeVarint(payload, end, offset);
    end = writeVarint(payload, end, data.length);
    payload.set(data, end);
    end += data.length;
  }
  return payload;
}
