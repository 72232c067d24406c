/**
 * Much data over one connection: how much CPU it costs to move a byte.
 *
 * @module
 */

import { IPERF_BACKEND } from "../backends.ts";
import { parseIperf } from "../load_output.ts";
import { PROXIES } from "../peers/all.ts";
import { HAPROXY_SPLICE } from "../peers/haproxy.ts";
import { NGINX } from "../peers/nginx.ts";
import { NATIVE, STREAMS } from "../peers/ours.ts";
import { HAPROXY_EITHER } from "./names.ts";
import { type Run, type Scenario, withCpuSeconds } from "./scenario.ts";

const GIB = 2 ** 30;

/** Bytes that iperf3 moves. */
export async function moveBytes(run: Run, ...options: readonly string[]): Promise<number> {
  const target = ["-c", "127.0.0.1", "-p", String(run.port)];
  return parseIperf(
    await run.load(["iperf3", ...target, "-t", String(run.seconds), "-J", ...options]),
  );
}

/** From clients to targets, and the other way. */
export const BULK: readonly Scenario[] = [bulk("bulk upload"), bulk("bulk download", "-R")];

function bulk(name: string, ...options: readonly string[]): Scenario {
  return {
    name,
    task: "bulk",
    backend: IPERF_BACKEND,
    program: "iperf3",
    proxies: PROXIES,
    withoutProxy: false,
    cpus: "one",
    figures: [{
      unit: "GiB per CPU second",
      better: "higher",
      goals: [
        { engine: NATIVE.name, against: [HAPROXY_SPLICE.name, NGINX.name], ratio: 2 },
        { engine: STREAMS.name, against: HAPROXY_EITHER, ratio: 1 },
      ],
    }],
    measure: async (run) => {
      const { result, cpuSeconds } = await withCpuSeconds(run, () => moveBytes(run, ...options));
      return [result / GIB / cpuSeconds];
    },
  };
}
