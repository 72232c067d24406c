/**
 * Sends the payload of a connection of the soak test.
 *
 * @module
 */

import type net from "node:net";
import { payload } from "./errand.ts";

/** Sends the bytes from `start` to before `end`, as fast as the socket takes them; then does what `then` says. */
export function sendPayload(
  socket: net.Socket,
  seed: number,
  start: number,
  end: number,
  then: () => void,
): void {
  let position = start;
  const sendMore = () => {
    while (position < end && !socket.destroyed) {
      const chunk = payload(seed, position, end - position);
      position += chunk.length;
      if (!socket.write(chunk)) return void socket.once("drain", sendMore);
    }
    then();
  };
  sendMore();
}
