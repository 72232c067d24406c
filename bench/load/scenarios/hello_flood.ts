/**
 * What is left of the rate of plain connections beside a flood of hellos that no key opens.
 *
 * Each run measures that rate three times: alone, beside hellos without ECH, and beside as many with ECH for a key of
 * the proxy's. All come from one address, and all go to the same backend: what is between the last two is what ECH costs.
 * The flood is a share of the load, rates are those per CPU second of the proxy, and the three take turns: so other work of
 * the machine, which slows all of it down, changes little.
 *
 * @module
 */

import { SHORT_CONNECTION_BACKEND } from "../backends.ts";
import { parseCounts } from "../load_output.ts";
import { ECH_CONFIG_ID } from "../peers/ech_key.ts";
import { NATIVE, STREAMS } from "../peers/ours.ts";
import { SERVER_NAME } from "../peers/proxy.ts";
import { programArgs } from "../programs.ts";
import { type Run, type Scenario, withCpuSeconds } from "./scenario.ts";

const AT_ONCE = 32;

/** One of how many connections is one of the flood. */
const SHARE = 20;

/** How often each of the three is measured in a run. */
const TURNS = 6;

/** Plain connections, alone and beside others. */
export const HELLO_FLOOD: Scenario = {
  name: `plain connections, one of ${SHARE} a flood`,
  task: "ech",
  backend: SHORT_CONNECTION_BACKEND,
  program: null,
  proxies: [NATIVE, STREAMS],
  withoutProxy: false,
  cpus: "one",
  figures: [
    { unit: "of their rate, hellos without ECH", better: "higher", goals: [] },
    { unit: "of their rate, hellos for a key", better: "higher", goals: [] },
  ],
  measure: async (run) => {
    const floods = [[], [SHARE], [SHARE, ECH_CONFIG_ID]];
    const sums = floods.map(() => ({ connections: 0, cpuSeconds: 0 }));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [index, flood] of floods.entries()) {
        // The tries that a source has left after a pause are not what a flood goes on with. All three have this before.
        await load({ ...run, seconds: TURNS / 4 }, [2, ECH_CONFIG_ID]);
        const { connections, cpuSeconds } = await load(run, flood);
        const sum = sums[index];
        if (sum === undefined) continue;
        sum.connections += connections;
        sum.cpuSeconds += cpuSeconds;
      }
    }
    const [alone = NaN, ...besides] = sums.map(({ connections, cpuSeconds }) =>
      connections / cpuSeconds
    );
    return besides.map((rate) => rate / alone);
  },
};

/** Plain connections, and the CPU seconds of the proxy that they took with what was beside them. */
async function load(
  run: Run,
  flood: readonly number[],
): Promise<{ readonly connections: number; readonly cpuSeconds: number }> {
  const options = [run.port, run.seconds / TURNS, AT_ONCE, SERVER_NAME, ...flood];
  const args = programArgs("short_connections", ...options);
  const { result, cpuSeconds } = await withCpuSeconds(run, () => run.load(args));
  const { connections, failed } = parseCounts(result, "connections", "failed");
  if (failed > 0) throw new Error(`${failed} connections failed`);
  return { connections, cpuSeconds };
}
