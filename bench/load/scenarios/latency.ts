/**
 * How long requests take at a rate that everybody can serve: half of what the best peer can.
 *
 * @module
 */

import { HTTP_BACKEND } from "../backends.ts";
import { parseCounts } from "../load_output.ts";
import { PROXIES } from "../peers/all.ts";
import { NATIVE } from "../peers/ours.ts";
import { programArgs } from "../programs.ts";
import { HAPROXY_OR_NGINX } from "./names.ts";
import { makeRequests } from "./requests.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 64;

/** An open load: see `programs/http_open_loop.ts`. */
export const LATENCY: Scenario = {
  name: "latency at half of the peers' peak",
  task: "tcp",
  backend: HTTP_BACKEND,
  program: "wrk",
  proxies: PROXIES,
  withoutProxy: true,
  cpus: "one",
  figures: [
    {
      unit: "p99 in µs",
      better: "lower",
      goals: [{ engine: NATIVE.name, against: HAPROXY_OR_NGINX, ratio: 1 }],
    },
    { unit: "median in µs", better: "lower", goals: [] },
  ],
  calibrate: async (run) => (await makeRequests(run, CONNECTIONS)).requestsPerSecond,
  measure: async (run) => {
    const rate = Math.round(run.reference / 2);
    const args = programArgs("http_open_loop", run.port, run.seconds, rate, CONNECTIONS);
    const { p50, p99 } = parseCounts(await run.load(args), "p50", "p99");
    return [p99, p50];
  },
};
