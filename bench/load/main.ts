/**
 * Load benchmark: the engines of this project and the proxies that are installed side by side in one run, interleaved
 * round by round, because the speed of a machine drifts and only ratios within a round can be trusted.
 *
 *   deno task bench:load [--rounds 5] [--seconds 3] [--warm-up 6] [--only REGEX] [--peers REGEX] [--json FILE] [--svg FILE]
 *
 * Linux only. Scenarios need nginx (as HTTP backend), iperf3 and wrk, or are left out; so are peers that are missing or
 * do not start. docs/benchmarks.md tells how things are measured.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { allowedCpus, planCpus } from "./cpus.ts";
import { describeMachine } from "./machine.ts";
import { measure, NO_PROXY } from "./measure.ts";
import { PROXIES } from "./peers/all.ts";
import { NATIVE_TWO_WORKERS } from "./peers/ours.ts";
import { findProgram } from "./processes.ts";
import { toSvg } from "./report/chart.ts";
import { compare } from "./report/compare.ts";
import { comparisonsTable, figuresTable, omissionsList } from "./report/markdown.ts";
import type { Omission, Row } from "./report/row.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { HAPROXY_OR_NGINX } from "./scenarios/names.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    "warm-up": { type: "string", default: "6" },
    only: { type: "string", default: "" },
    peers: { type: "string", default: "" },
    json: { type: "string" },
    svg: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const warmUp = Number(values["warm-up"]);
if (!(rounds >= 1) || !(seconds >= 1) || !(warmUp >= 0)) {
  console.error(
    "Cannot measure: --rounds and --seconds must be numbers of at least 1, --warm-up one of at least 0",
  );
  Deno.exit(2);
}
const only = new RegExp(values.only);
const peers = new RegExp(values.peers);

const proxies = [...PROXIES, NATIVE_TWO_WORKERS];
const engines = proxies.filter(({ ours }) => ours).map(({ name }) => name);
const machine = await describeMachine(proxies);
const cpus = await findProgram("taskset") === null ? null : planCpus(await allowedCpus());
const omissions: Omission[] = [];
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => stop.abort(new Error(`Stopped by ${signal}`)));
}

const rows: Row[] = [];
const dir = await Deno.makeTempDir();
try {
  for (const scenario of SCENARIOS.filter(({ name }) => only.test(name))) {
    rows.push(
      ...await measure(scenario, {
        rounds,
        seconds,
        warmUp,
        cpus,
        peers,
        dir,
        onFigures: (line) => console.error(line),
        onOmission: (omission) => {
          console.error(`${omission.scenario}: ${omission.what} is left out: ${omission.why}`);
          omissions.push(omission);
        },
        signal: stop.signal,
      }),
    );
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}

const comparisons = compare(rows, engines, HAPROXY_OR_NGINX);
console.log(figuresTable(rows, [...proxies.map(({ name }) => name), NO_PROXY]));
if (comparisons.length > 0) console.log(comparisonsTable(comparisons));
console.log(omissionsList(omissions));

if (values.json !== undefined) {
  const shownRows = rows.map((row) => ({
    ...row,
    figures: Object.fromEntries(row.figures),
    busy: Object.fromEntries(row.busy),
  }));
  const at = new Date().toISOString();
  const result = {
    at,
    machine,
    cpus,
    rounds,
    seconds,
    warmUp,
    rows: shownRows,
    comparisons,
    omissions,
  };
  await Deno.writeTextFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
}
if (values.svg !== undefined) await Deno.writeTextFile(values.svg, toSvg(comparisons));
Deno.exit();
