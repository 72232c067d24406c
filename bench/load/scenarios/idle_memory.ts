/**
 * What a connection costs that is relayed and silent.
 *
 * @module
 */

import { ECHO_BACKEND } from "../backends.ts";
import { PROXIES } from "../peers/all.ts";
import { NATIVE } from "../peers/ours.ts";
import { Dialogue } from "../processes.ts";
import { programArgs } from "../programs.ts";
import { HAPROXY_EITHER } from "./names.ts";
import type { Scenario } from "./scenario.ts";

/** Memory is compared between these numbers of connections, so that what a proxy takes at its start is not in it. */
const FEW = 1_000;
const MANY = 8_000;

/** Time for the connections to be made, and for the proxy to give back what it needed for that, in milliseconds. */
const OPEN_TIMEOUT = 60_000;
const SETTLE = 1_000;

/** The slope of the memory over the connections. */
export const IDLE_MEMORY: Scenario = {
  name: `idle connections, ${MANY.toLocaleString("en")}`,
  task: "idle",
  backend: ECHO_BACKEND,
  program: null,
  proxies: PROXIES,
  withoutProxy: false,
  cpus: "one",
  fresh: true,
  figures: [{
    unit: "bytes each",
    better: "lower",
    goals: [{ engine: NATIVE.name, against: HAPROXY_EITHER, ratio: 1, atMost: 4_096 }],
  }],
  measure: async (run) => {
    await using clients = new Dialogue(run.command(programArgs("idle_connections", run.port)));
    const bytesWith = async (connections: number) => {
      await clients.ask(String(connections), OPEN_TIMEOUT);
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
      return await run.residentBytes();
    };
    const few = await bytesWith(FEW);
    return [(await bytesWith(MANY) - few) / (MANY - FEW)];
  },
};
