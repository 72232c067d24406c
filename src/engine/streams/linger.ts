/**
 * The end of a connection whose client was told why it ends.
 *
 * @module
 */

import { INITIAL_READ_BUFFER, LINGER_TIMEOUT, MAX_LINGER_BYTES } from "../../model/limits.ts";
import type { EngineClock } from "./engine_clock.ts";
import type { FlowWait } from "./flow_wait.ts";
import type { RelaySide } from "./relay.ts";
import { closeQuietly } from "./sys_errors.ts";

/**
 * Throws away what the client sends until it has ended its direction, then closes: to close a socket that has unread bytes
 * would reset the connection, and take from the client what it was told. Never rejects.
 */
export async function linger(client: RelaySide, wait: FlowWait, clock: EngineClock): Promise<void> {
  let hasEnded = false;
  const reading = readOn(client).catch(() => {}).then(() => {
    hasEnded = true;
    wait.notify();
  });
  await wait.until(() => hasEnded, clock.now() + LINGER_TIMEOUT);
  closeQuietly(client.conn);
  await reading;
}

async function readOn({ conn, reader }: RelaySide): Promise<void> {
  const { pending } = reader.handOver();
  let left = MAX_LINGER_BYTES - (await pending ?? []).length;
  const buffer = new Uint8Array(INITIAL_READ_BUFFER);
  while (left > 0) {
    const count = await conn.read(buffer);
    if (count === null) return;
    left -= count;
  }
}
