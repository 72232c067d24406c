/**
 * Datagrams there and back, for few clients and for many.
 *
 * @module
 */

import { UDP_ECHO_BACKEND } from "../backends.ts";
import { parseCounts } from "../load_output.ts";
import { PROXIES } from "../peers/all.ts";
import { NGINX } from "../peers/nginx.ts";
import { NATIVE } from "../peers/ours.ts";
import { programArgs } from "../programs.ts";
import { type Scenario, withCpuSeconds } from "./scenario.ts";

/** Few clients and many, with as many datagrams in flight. */
export const UDP: readonly Scenario[] = [udp(16), udp(1_000)];

function udp(clients: number): Scenario {
  return {
    name: `UDP, ${clients.toLocaleString("en")} clients`,
    task: "udp",
    backend: UDP_ECHO_BACKEND,
    program: null,
    proxies: PROXIES,
    withoutProxy: true,
    cpus: "one",
    figures: [
      {
        unit: "round trips/s",
        better: "higher",
        saturating: true,
        goals: [{ engine: NATIVE.name, against: [NGINX.name], ratio: 1.5 }],
      },
      { unit: "round trips per CPU second", better: "higher", goals: [] },
    ],
    measure: async (run) => {
      const args = programArgs("udp_round_trips", run.port, run.seconds, clients);
      const { result, cpuSeconds } = await withCpuSeconds(run, () => run.load(args));
      const { roundTrips, seconds } = parseCounts(result, "roundTrips", "seconds");
      if (roundTrips === 0) throw new Error("No datagram came back");
      return [roundTrips / seconds, roundTrips / cpuSeconds];
    },
  };
}
