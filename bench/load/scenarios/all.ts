/**
 * All scenarios.
 *
 * @module
 */

import { BULK } from "./bulk.ts";
import { HELLO_FLOOD } from "./hello_flood.ts";
import { IDLE_MEMORY } from "./idle_memory.ts";
import { LATENCY } from "./latency.ts";
import { REQUESTS } from "./requests.ts";
import type { Scenario } from "./scenario.ts";
import { SHORT_CONNECTIONS } from "./short_connections.ts";
import { TWO_WORKERS } from "./two_workers.ts";
import { UDP } from "./udp.ts";

/** In the order of the table's rows. */
export const SCENARIOS: readonly Scenario[] = [
  ...BULK,
  ...REQUESTS,
  ...SHORT_CONNECTIONS,
  HELLO_FLOOD,
  LATENCY,
  ...UDP,
  IDLE_MEMORY,
  ...TWO_WORKERS,
];
