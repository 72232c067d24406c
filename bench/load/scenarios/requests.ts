/**
 * Small requests over connections that stay open.
 *
 * @module
 */

import { HTTP_BACKEND } from "../backends.ts";
import { parseWrk, type WrkResult } from "../load_output.ts";
import { PROXIES } from "../peers/all.ts";
import { NATIVE, STREAMS } from "../peers/ours.ts";
import { HAPROXY_EITHER, HAPROXY_OR_NGINX } from "./names.ts";
import { type Run, type Scenario, withCpuSeconds } from "./scenario.ts";

/** Requests that wrk makes over a number of connections, each as soon as its last one is answered. */
export async function makeRequests(run: Run, connections: number): Promise<WrkResult> {
  const url = `http://127.0.0.1:${run.port}/`;
  return parseWrk(await run.load(["wrk", "-t1", `-c${connections}`, `-d${run.seconds}s`, url]));
}

/** Few connections and many. */
export const REQUESTS: readonly Scenario[] = [requests(32), requests(256)];

function requests(connections: number): Scenario {
  return {
    name: `requests, ${connections} connections`,
    task: "tcp",
    backend: HTTP_BACKEND,
    program: "wrk",
    proxies: PROXIES,
    withoutProxy: true,
    cpus: "one",
    figures: [
      {
        unit: "requests/s",
        better: "higher",
        saturating: true,
        goals: [
          { engine: NATIVE.name, against: HAPROXY_OR_NGINX, ratio: 1 },
          { engine: STREAMS.name, against: HAPROXY_EITHER, ratio: 0.7 },
        ],
      },
      { unit: "requests per CPU second", better: "higher", goals: [] },
    ],
    measure: async (run) => {
      const { result, cpuSeconds } = await withCpuSeconds(
        run,
        () => makeRequests(run, connections),
      );
      return [result.requestsPerSecond, result.requests / cpuSeconds];
    },
  };
}
