/**
 * The soak test of TCP: very many short connections beside very many that stay, through a real proxy, with resets,
 * half-closes and stalls at random. Every byte that arrives is compared with the one that was sent, and in the end
 * nothing may be left: no connection, no descriptor, no pipe, and no more memory than after the warm-up.
 *
 *   deno task soak [--connections 1000000] [--held 10000] [--at-once 200] [--engine native] [--workers 2] [--seed N]
 *
 * @module
 */

import { parseArgs } from "node:util";
import { startProxy } from "../support/proxy_process.ts";
import { runErrand } from "./client.ts";
import { chooseErrand, randomFrom } from "./errand.ts";
import { readFootprint } from "./footprint.ts";

/** How many loopback addresses clients come from: each has its own ephemeral ports. */
const SOURCES = 32;

/** How often it is told how things stand. */
const SAMPLES = 20;

/**
 * How much the largest resident memory of the second half may be above that of the first, as a ratio and, whatever the
 * ratio, in bytes for each connection: what is resident at a moment is the collector's choice, what leaks only ever grows.
 * Over a few connections the heaps only grow to their size.
 */
const MAX_GROWTH = 1.25;
const MAX_GROWTH_PER_CONNECTION = 512;
const FEW_CONNECTIONS = 500_000;

/** What is printed of wrong connections; the rest is counted. */
const MAX_PRINTED = 20;

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "1000000" },
    held: { type: "string", default: "10000" },
    "at-once": { type: "string", default: "200" },
    engine: { type: "string", default: "native" },
    workers: { type: "string", default: "2" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const connections = Number(values.connections);
const atOnce = Number(values["at-once"]);
const held = Math.min(Number(values.held), await mostHeld());
const random = randomFrom(Number(values.seed));
console.error(`seed ${values.seed}, ${held} connections held`);

const backend = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--no-prompt", new URL("./backend.ts", import.meta.url).pathname],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const backendOutput = backend.stdout.pipeThrough(new TextDecoderStream()).getReader();
const backendPort = Number((await backendOutput.read()).value);

const native = values.engine === "native";
await using proxy = await startProxy({
  config: `
listen_address_v4 = "127.0.0.1"
tcp_target = [${[2, 3, 4, 5].map((n) => `"127.0.0.${n}:${backendPort}"`).join(", ")}]
tcp_load_balance = "random"
tcp_max_connections = 100000
access_log_format = "none"
engine = "${values.engine}"
${native ? `workers = ${values.workers}` : ""}
`,
  permissions: native ? ["--allow-ffi"] : [],
});
const { pid } = proxy.process;
const atStart = await readFootprint(pid);
console.error(`at start: ${atStart.descriptors} descriptors, ${mebibytes(atStart.memory)} MiB`);

const wrong: string[] = [];
const release = Promise.withResolvers<void>();
const holding: Promise<void>[] = [];
for (let index = 0; index < held; index++) {
  const errand = { ...chooseErrand(random), kind: "echo" } as const;
  holding.push(connect(index, errand, release.promise));
  if (index % atOnce === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

let begun = 0;
const memory: number[] = [];
const churn = async (): Promise<void> => {
  while (begun < connections) {
    const index = begun++;
    if (begun % Math.ceil(connections / SAMPLES) === 0) await sample(begun);
    await connect(index, chooseErrand(random), null);
  }
};
const startedAt = performance.now();
await Promise.all(Array.from({ length: atOnce }, churn));
const seconds = (performance.now() - startedAt) / 1_000;
await sample(begun);
release.resolve();
await Promise.all(holding);

const after = await settled();
await backend.stdin.close();
const report = JSON.parse((await backendOutput.read()).value ?? "{}");
await backend.status;

const failures = [...wrong.slice(0, MAX_PRINTED)];
if (wrong.length > 0) failures.push(`${wrong.length} connections went wrong at the client`);
if (report.wrong > 0) failures.push(`${report.wrong} connections went wrong at the backend`);
if (after.sockets > atStart.sockets) {
  failures.push(`${after.sockets - atStart.sockets} sockets are left`);
}
if (after.pipes > atStart.pipes + 4 * 64) {
  failures.push(`${after.pipes - atStart.pipes} ends of pipes are left`);
}
const [first, second] = [memory.slice(0, SAMPLES / 2), memory.slice(SAMPLES / 2)]
  .map((half) => Math.max(...half));
if (first === undefined || second === undefined) throw new Error("there are no samples");
const perConnection = (second - first) / (connections / 2);
if (
  connections >= FEW_CONNECTIONS && second > first * MAX_GROWTH &&
  perConnection > MAX_GROWTH_PER_CONNECTION
) {
  failures.push(`memory grew from ${mebibytes(first)} to ${mebibytes(second)} MiB`);
}
for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(
  `${connections} connections in ${seconds.toFixed(0)} s beside ${held} held ones, ` +
    `${report.connections} of them reached the backend; ` +
    `memory ${mebibytes(atStart.memory)} MiB at start, up to ${mebibytes(first)} MiB in the ` +
    `first half and ${mebibytes(second)} MiB in the second, ` +
    `${mebibytes(after.memory)} MiB when all had gone; ` +
    `${after.sockets} sockets and ${after.pipes} ends of pipes left (${atStart.sockets}, ` +
    `${atStart.pipes} at start)`,
);
console.log(failures.length === 0 ? "passed" : "failed");
if (failures.length > 0) Deno.exitCode = 1;

async function connect(
  index: number,
  errand: ReturnType<typeof chooseErrand>,
  hold: Promise<void> | null,
): Promise<void> {
  const localAddress = `127.0.1.${1 + index % SOURCES}`;
  const fault = await runErrand({ localAddress, port: proxy.port }, errand, hold);
  if (fault !== null) wrong.push(fault);
}

async function sample(count: number): Promise<void> {
  const now = await readFootprint(pid);
  memory.push(now.memory);
  console.error(
    `${count} connections, ${wrong.length} wrong: ${now.descriptors} descriptors, ` +
      `${now.pipes} ends of pipes, ${mebibytes(now.memory)} MiB`,
  );
}

/** A connection costs the proxy two descriptors, and one of a bulk transfer two pipes' ends more in each direction. */
async function mostHeld(): Promise<number> {
  const limits = await Deno.readTextFile("/proc/self/limits");
  const descriptors = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
  return (descriptors - 500 - 3 * atOnce) >> 1;
}

/** The footprint once the last connections are gone from the proxy. */
async function settled() {
  for (let attempt = 0;; attempt++) {
    const footprint = await readFootprint(pid);
    if (footprint.sockets <= atStart.sockets || attempt === 100) return footprint;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
