/**
 * What one connection of the soak test does. Client and backend derive all of it from a few bytes at its beginning, so
 * that each knows what the other must send, to the last byte.
 *
 * @module
 */

/** How a connection goes. */
export type ErrandKind =
  | "echo" // the backend sends back what it gets; the client ends first
  | "stall" // the same, but the client reads nothing for a while
  | "digest" // the backend reads all, then tells its digest and sends as much of its own
  | "halfClose" // the backend ends its direction first, and reads on
  | "clientReset" // an echo that the client breaks off
  | "targetReset"; // an echo that the backend breaks off

const KINDS: readonly ErrandKind[] = [
  "echo",
  "stall",
  "digest",
  "halfClose",
  "clientReset",
  "targetReset",
];

/** One connection's task. */
export interface Errand {
  readonly kind: ErrandKind;
  /** Payload bytes in each direction that has any. */
  readonly length: number;
  /** Bytes after which a connection that is to be reset is. */
  readonly breakAt: number;
  /** What the payload is made of. */
  readonly seed: number;
}

/** Bytes that a connection begins with: kind, length, breakAt and seed. */
export const ERRAND_LENGTH = 13;

export function encodeErrand({ kind, length, breakAt, seed }: Errand): Uint8Array {
  const bytes = new Uint8Array(ERRAND_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = KINDS.indexOf(kind);
  view.setUint32(1, length);
  view.setUint32(5, breakAt);
  view.setUint32(9, seed);
  return bytes;
}

export function decodeErrand(bytes: Uint8Array): Errand {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ERRAND_LENGTH);
  const kind = KINDS[view.getUint8(0)];
  if (kind === undefined) throw new Error("these bytes are no errand");
  return { kind, length: view.getUint32(1), breakAt: view.getUint32(5), seed: view.getUint32(9) };
}

/** Numbers that look like chance, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chooses the next task: most are small, some fill buffers, a few are large enough for pipes. */
export function chooseErrand(random: () => number): Errand {
  const size = random();
  const most = size < 0.9 ? 4_096 : size < 0.998 ? 128 * 1024 : 16 * 1024 * 1024;
  const length = 1 + Math.floor(random() * most);
  const way = random();
  const kind = way < 0.5
    ? "echo"
    : way < 0.52
    ? "stall"
    : way < 0.7
    ? "digest"
    : way < 0.8
    ? "halfClose"
    : way < 0.9
    ? "clientReset"
    : "targetReset";
  return {
    kind,
    length,
    breakAt: Math.floor(random() * length),
    seed: Math.floor(random() * 2 ** 32),
  };
}

/** Odd, so that a block which is lost or doubled never goes unseen. */
const PERIOD = 64 * 1024 - 1;

/** Noise that all payloads are cut from, twice in a row: made once, so that the test does not measure its own making. */
const NOISE = (() => {
  const random = randomFrom(0x5eed);
  const noise = Uint8Array.from({ length: PERIOD }, () => random() * 256);
  return Uint8Array.from([...noise, ...noise]);
})();

/** Byte `position` of the payload of `seed`, and what follows, up to `length` bytes or the end of a block. */
export function payload(seed: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const start = ((seed >>> 0) + position) % PERIOD;
  return NOISE.subarray(start, start + Math.min(length, PERIOD));
}

/** Whether `bytes` are what stands at `position` of the payload of `seed`. */
export function isPayload(seed: number, position: number, bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.length;) {
    const expected = payload(seed, position + offset, bytes.length - offset);
    for (let index = 0; index < expected.length; index++) {
      if (expected[index] !== bytes[offset + index]) return false;
    }
    offset += expected.length;
  }
  return true;
}
