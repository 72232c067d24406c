/**
 * Which keys for Encrypted Client Hello are in use, as logs may tell it.
 *
 * @module
 */

import type { Snapshot } from "../model/snapshot.ts";
import { allServices } from "../pipeline/services.ts";

/** The keys of one service. */
export interface KeysInUse {
  /** Its name. */
  readonly service: string;
  /** How many there are. */
  readonly count: number;
  /** `config_id` and public name of each, such as `7:edge.example,9:edge.example`. */
  readonly keys: string;
}

/** The keys of each service that has any. */
export function keysInUse(snapshot: Pick<Snapshot, "tcp" | "udp">): KeysInUse[] {
  return allServices(snapshot).flatMap(({ name, ech }) =>
    ech === undefined ? [] : [{
      service: name,
      count: ech.keys.length,
      keys: ech.keys.map(({ configId, publicName }) => `${configId}:${publicName}`).join(","),
    }]
  );
}
