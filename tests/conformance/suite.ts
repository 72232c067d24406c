/**
 * The conformance suite: what every engine must do, whatever it is made of.
 *
 * @module
 */

import { ECH_TCP_CASES } from "./ech_tcp_cases.ts";
import { ECH_QUIC_CASES } from "./ech_quic_cases.ts";
import { LIFECYCLE_CASES } from "./lifecycle_cases.ts";
import { MOVED_FLOW_CASES } from "./moved_flow_cases.ts";
import { RELAY_CASES } from "./relay_cases.ts";
import { RELAY_LAW_CASES } from "./relay_law_cases.ts";
import { TCP_FLOW_CASES } from "./tcp_flow_cases.ts";
import { UDP_CASES } from "./udp_cases.ts";
import type { World, WorldFactory } from "./world.ts";

/** One thing that every engine must do. */
export type Case = (world: World) => Promise<void>;

/** Cases by name; a name reads on from `engine`. */
export type Cases = Readonly<Record<string, Case>>;

/** A case waits for what must happen. When it does not, this ends the wait. */
const CASE_TIMEOUT = 30_000;

/**
 * Registers the suite for one engine.
 *
 * @param more cases that only this engine's world has time for
 */
export function runConformanceSuite(
  engine: string,
  createWorld: WorldFactory,
  more: Cases = {},
): void {
  const suites: readonly Cases[] = [
    RELAY_CASES,
    RELAY_LAW_CASES,
    TCP_FLOW_CASES,
    ECH_TCP_CASES,
    UDP_CASES,
    ECH_QUIC_CASES,
    MOVED_FLOW_CASES,
    LIFECYCLE_CASES,
    more,
  ];
  for (const [name, run] of suites.flatMap(Object.entries<Case>)) {
    Deno.test(`${engine} engine ${name}`, async () => {
      await using world = createWorld();
      await withinTime(run(world));
    });
  }
}

async function withinTime(run: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timeout = setTimeout(() => reject(new Error("the case waits in vain")), CASE_TIMEOUT);
  try {
    await Promise.race([run, promise]);
  } finally {
    clearTimeout(timeout);
  }
}
