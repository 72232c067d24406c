/**
 * Which listeners a new configuration opens, closes and leaves alone.
 *
 * @module
 */

import type { ListenerSpec } from "../model/snapshot.ts";

/** The difference between two sets of listeners. */
export interface ListenerDiff {
  /** In the order of the new configuration. */
  readonly added: readonly ListenerSpec[];
  /** In the order of the old configuration. */
  readonly removed: readonly ListenerSpec[];
  /** As the old configuration has them. */
  readonly kept: readonly ListenerSpec[];
}

/**
 * Compares listeners by transport, address, port and backlog. A changed backlog is a removed and an added listener:
 * the system takes it only when a socket starts to listen.
 */
export function diffListeners(
  old: readonly ListenerSpec[],
  next: readonly ListenerSpec[],
): ListenerDiff {
  const wanted = new Set(next.map(identity));
  const present = new Set(old.map(identity));
  return {
    added: next.filter((spec) => !present.has(identity(spec))),
    removed: old.filter((spec) => !wanted.has(identity(spec))),
    kept: old.filter((spec) => wanted.has(identity(spec))),
  };
}

function identity({ transport, address, backlog }: ListenerSpec): string {
  return `${transport} ${address.host} ${address.port} ${transport === "tcp" ? backlog : ""}`;
}
