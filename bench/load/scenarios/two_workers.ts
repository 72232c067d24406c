/**
 * Whether workers get in each other's way: the CPU that a request and a byte cost with two of them, against one. Proxy,
 * load and backend share all CPUs in both cases.
 *
 * @module
 */

import { HTTP_BACKEND, IPERF_BACKEND } from "../backends.ts";
import { NATIVE, NATIVE_TWO_WORKERS } from "../peers/ours.ts";
import { moveBytes } from "./bulk.ts";
import { makeRequests } from "./requests.ts";
import { type Scenario, withCpuSeconds } from "./scenario.ts";

/** As many that both workers get their share. */
const CONNECTIONS = 256;
const STREAMS = 8;

const COMMON = {
  task: "tcp",
  proxies: [NATIVE, NATIVE_TWO_WORKERS],
  withoutProxy: false,
  cpus: "all",
} as const;

const GOALS = [{ engine: NATIVE_TWO_WORKERS.name, against: [NATIVE.name], ratio: 1.1 }];

/** By request, and by byte. */
export const TWO_WORKERS: readonly Scenario[] = [
  {
    ...COMMON,
    name: `workers, ${CONNECTIONS} connections`,
    backend: HTTP_BACKEND,
    program: "wrk",
    figures: [{ unit: "CPU µs per request", better: "lower", goals: GOALS }],
    measure: async (run) => {
      const { result, cpuSeconds } = await withCpuSeconds(
        run,
        () => makeRequests(run, CONNECTIONS),
      );
      return [cpuSeconds * 1e6 / result.requests];
    },
  },
  {
    ...COMMON,
    name: `workers, bulk over ${STREAMS} connections`,
    backend: IPERF_BACKEND,
    program: "iperf3",
    figures: [{ unit: "CPU ms per GiB", better: "lower", goals: GOALS }],
    measure: async (run) => {
      const { result, cpuSeconds } = await withCpuSeconds(
        run,
        () => moveBytes(run, "-P", String(STREAMS)),
      );
      return [cpuSeconds * 1e3 / (result / 2 ** 30)];
    },
  },
];
