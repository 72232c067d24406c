/**
 * One client connection of the soak test.
 *
 * @module
 */

import net from "node:net";
import { encodeErrand, type Errand, isPayload } from "./errand.ts";
import { sendPayload } from "./send_payload.ts";

/** How long a client that stalls reads nothing, in milliseconds. */
const STALL = 300;

/** Longest time that a connection may take before it counts as stuck, in milliseconds. */
const STUCK = 120_000;

/** Where a client comes from and goes to. */
export interface Way {
  readonly localAddress: string;
  readonly port: number;
}

/**
 * Does an errand. Resolves when the connection is closed, with what was wrong with it, or null.
 *
 * @param hold an echo stops in the middle until this resolves
 */
export function runErrand(
  { localAddress, port }: Way,
  errand: Errand,
  hold: Promise<void> | null = null,
): Promise<string | null> {
  const { kind, length, breakAt, seed } = errand;
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = net.connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true });
  const expected = kind === "digest" || kind === "halfClose" ? ~seed : seed;
  const mayBreak = kind === "clientReset" || kind === "targetReset";
  let received = 0;
  let ended = false;
  let wrong: string | null = null;
  const watchdog = () =>
    setTimeout(() => {
      wrong = `${kind} of ${length} bytes is stuck after ${received}`;
      socket.destroy();
    }, STUCK);
  let stuck = watchdog();

  socket.on("data", (chunk: Uint8Array) => {
    if (!isPayload(expected, received, chunk)) wrong ??= `${kind}: wrong bytes behind ${received}`;
    received += chunk.length;
  });
  socket.on("end", () => {
    ended = true;
    if (mayBreak) socket.end();
  });
  socket.on("error", (error) => {
    if (!mayBreak) wrong ??= `${kind} of ${length} bytes after ${received}: ${error.message}`;
  });
  socket.on("close", () => {
    clearTimeout(stuck);
    if (!mayBreak && (!ended || received !== length)) {
      wrong ??= `${kind}: ${received} of ${length} bytes`;
    }
    if (received > length) wrong ??= `${kind}: ${received} bytes instead of ${length}`;
    resolve(wrong);
  });
  socket.on("connect", () => {
    socket.write(encodeErrand(errand));
    if (kind === "stall") {
      socket.pause();
      setTimeout(() => socket.resume(), STALL);
    }
    if (kind === "clientReset") {
      return sendPayload(socket, seed, 0, breakAt, () => socket.resetAndDestroy());
    }
    if (hold === null) return sendPayload(socket, seed, 0, length, () => socket.end());
    const half = length >> 1;
    sendPayload(socket, seed, 0, half, async () => {
      clearTimeout(stuck);
      await hold;
      stuck = watchdog();
      sendPayload(socket, seed, half, length, () => socket.end());
    });
  });
  return promise;
}
