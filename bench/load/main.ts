/**
 * Load benchmark: our proxy and its installed peers side by side in one run, interleaved round by round, because the
 * speed of a machine drifts and only ratios within a round can be trusted (`deno task bench:load`).
 *
 *   deno task bench:load [--rounds 5] [--seconds 3] [--json FILE] [--only REGEX]
 *
 * Needs nginx (the HTTP backend), iperf3 and wrk; peers are measured where they are installed.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { PEERS, STREAMS } from "./peers.ts";
import { findProgram, freePort, Running } from "./processes.ts";
import { type Row, toMarkdown } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    json: { type: "string" },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const only = new RegExp(values.only);

const dir = await Deno.makeTempDir();
try {
  await using backends = new AsyncDisposableStack();
  const http = freePort();
  await Deno.writeTextFile(`${dir}/backend.conf`, httpBackend(dir, http));
  backends.use(
    await Running.start(
      ["nginx", "-p", dir, "-e", `${dir}/backend.log`, "-c", `${dir}/backend.conf`],
      http,
    ),
  );
  const iperf3 = freePort();
  backends.use(
    await Running.start(["iperf3", "-s", "-B", "127.0.0.1", "-p", String(iperf3)], iperf3),
  );
  const ports = { http, iperf3 };

  const rows: Row[] = [];
  for (const scenario of SCENARIOS.filter((one) => only.test(one.name))) {
    if (await findProgram(scenario.program) === null) {
      console.error(`${scenario.name}: left out, ${scenario.program} is not installed`);
      continue;
    }
    const figures = new Map<string, number[]>();
    for (let round = 1; round <= rounds; round++) {
      for (const peer of PEERS) {
        if (peer.program !== null && await findProgram(peer.program) === null) continue;
        const folder = await Deno.makeTempDir({ dir });
        const port = freePort();
        const { files, command } = peer.setUp(folder, port, ports[scenario.backend]);
        for (const [name, text] of Object.entries(files)) {
          await Deno.writeTextFile(`${folder}/${name}`, text);
        }
        await using proxy = await Running.start(command, port);
        const figure = await scenario.measure(port, proxy, seconds);
        figures.set(peer.name, [...figures.get(peer.name) ?? [], figure]);
        console.error(
          `${scenario.name} ${round}/${rounds} ${peer.name}: ${
            figure.toPrecision(4)
          } ${scenario.unit}`,
        );
      }
    }
    rows.push({ scenario: scenario.name, unit: scenario.unit, figures });
  }

  console.log(toMarkdown(rows, STREAMS.name));
  if (values.json !== undefined) {
    await Deno.writeTextFile(
      values.json,
      JSON.stringify(
        {
          at: new Date().toISOString(),
          deno: Deno.version.deno,
          os: Deno.osRelease(),
          cores: navigator.hardwareConcurrency,
          rounds,
          seconds,
          rows: rows.map((row) => ({ ...row, figures: Object.fromEntries(row.figures) })),
        },
        null,
        2,
      ),
    );
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}

function httpBackend(dir: string, port: number): string {
  return `daemon off;
worker_processes 1;
pid ${dir}/backend.pid;
error_log ${dir}/backend.log;
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 1000000;
  server { listen 127.0.0.1:${port}; location / { return 200 "hello\\n"; } }
}
`;
}
