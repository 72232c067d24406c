/**
 * Finds out how much is taken of a peer that nobody reads from at the other end.
 *
 * @module
 */

import type { TcpPeer, World } from "./world.ts";

const MIB = 1024 * 1024;

/** What the system's own buffers of two loopback connections may take, with room to spare. */
export const MOST_BUFFERED = 64 * MIB;

/** Far more than the buffers of two connections and an engine hold. */
const FLOOD = 256 * MIB;

/**
 * Writes until nothing is taken any more, and tells how much was. The last write may be under way.
 *
 * @param next what is written over and over, or gives what comes next
 */
export async function writeUntilStuck(
  world: World,
  peer: TcpPeer,
  next: Uint8Array | (() => Uint8Array) = new Uint8Array(64 * 1024),
): Promise<number> {
  let written = 0;
  let stopped = false;
  (async () => {
    while (!stopped && written < FLOOD) {
      const bytes = typeof next === "function" ? next() : next;
      written += bytes.length;
      await peer.write(bytes);
    }
  })().catch(() => {}); // the test may end the connection with the last write under way
  for (let before = -1; before !== written;) {
    before = written;
    for (let wait = 0; wait < 20; wait++) await world.pass(10);
  }
  stopped = true;
  return written;
}
