/**
 * Measures scenarios: all proxies in each round, so that a machine whose speed drifts is unjust to none of them.
 *
 * @module
 */

import type { CpuPlan } from "./cpus.ts";
import type { Proxy } from "./peers/proxy.ts";
import { type Command, findProgram, freePort, run, Running } from "./processes.ts";
import type { Omission, Row } from "./report/row.ts";
import { type Run, type Scenario, withCpuSeconds } from "./scenarios/scenario.ts";

/** The name under which the load that goes straight to the backend is shown. */
export const NO_PROXY = "no proxy";

/** What is left out when it is no proxy in particular. */
const ALL = "everything";

/** How long a load program may take beyond the time that it was given, in milliseconds. */
const LOAD_GRACE = 20_000;

/** How to measure. */
export interface MeasureOptions {
  readonly rounds: number;
  /** How long each load lasts. */
  readonly seconds: number;
  /** How long a proxy is under the same load before that. */
  readonly warmUp: number;
  /** Null where nothing can be tied to a CPU. */
  readonly cpus: CpuPlan | null;
  /** Names of proxies to measure. */
  readonly peers: RegExp;
  /** A folder for files. */
  readonly dir: string;
  /** Told of each figure. */
  readonly onFigures: (line: string) => void;
  /** Told of what cannot be measured. */
  readonly onOmission: (omission: Omission) => void;
  /** Ends the measurement before its next run. */
  readonly signal: AbortSignal;
}

/** Measures one scenario: a row for each of its figures, none where it cannot be measured. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<Row[]> {
  const leftOut = (what: string, why: string) =>
    options.onOmission({ scenario: scenario.name, what, why });

  for (const program of [scenario.program, scenario.backend.program]) {
    if (program === null || await findProgram(program) !== null) continue;
    leftOut(ALL, `"${program}" is not installed`);
    return [];
  }
  const contenders = await findContenders(scenario, options, leftOut);
  if (contenders.length === 0) return [];
  const reference = await calibrate(scenario, contenders, options);
  if (scenario.calibrate !== undefined && !(reference > 0)) {
    leftOut(ALL, "no proxy gives a reference");
    return [];
  }
  const rows = scenario.figures.map((figure) => ({
    ...figure,
    scenario: scenario.name,
    figures: new Map<string, number[]>(),
    busy: new Map<string, number[]>(),
  }));
  const failed = new Set<string>();
  await using opened = new AsyncDisposableStack();
  const warm = new Map<string, Run>();
  /** The proxies stay up from round to round, warmed up alike; where memory is measured each round begins afresh. */
  const runOf = async (contender: Contender, stack: AsyncDisposableStack): Promise<Run> => {
    if (scenario.fresh) return await openRun(scenario, contender, reference, options, stack);
    const known = warm.get(contender.name);
    if (known !== undefined) return known;
    const run = await openRun(scenario, contender, reference, options, opened);
    if (options.warmUp > 0) await scenario.measure({ ...run, seconds: options.warmUp });
    warm.set(contender.name, run);
    return run;
  };
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of rotate(contenders, round)) {
      const { name } = contender;
      if (failed.has(name)) continue;
      options.signal.throwIfAborted();
      try {
        await using stack = new AsyncDisposableStack();
        const { numbers, busy } = await measureOnce(scenario, await runOf(contender, stack));
        for (const [index, row] of rows.entries()) {
          append(row.figures, name, numbers[index] ?? NaN);
          append(row.busy, name, busy);
        }
        const shown = rows.map(({ unit }, index) => `${numbers[index]?.toPrecision(4)} ${unit}`);
        options.onFigures(
          `${scenario.name} ${round + 1}/${options.rounds} ${name}: ${shown.join(", ")}`,
        );
      } catch (error) {
        options.signal.throwIfAborted();
        failed.add(name);
        leftOut(name, error instanceof Error ? error.message : String(error));
      }
    }
  }
  return rows.filter(({ figures }) => figures.size > 0);
}

/** What is measured: a proxy, or the backend alone. */
interface Contender {
  readonly name: string;
  readonly proxy: Proxy | null;
}

async function findContenders(
  { proxies, task, withoutProxy }: Scenario,
  { peers }: MeasureOptions,
  leftOut: (what: string, why: string) => void,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const proxy of proxies) {
    const { name, program, tasks } = proxy;
    if (!tasks.includes(task) || !peers.test(name)) continue;
    if (program === null || await findProgram(program) !== null) contenders.push({ name, proxy });
    else leftOut(name, `"${program}" is not installed`);
  }
  if (withoutProxy && peers.test(NO_PROXY)) contenders.push({ name: NO_PROXY, proxy: null });
  return contenders;
}

/** The highest of what the peers reach; of ours where there is none. */
async function calibrate(
  scenario: Scenario,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<number> {
  if (scenario.calibrate === undefined) return NaN;
  const proxies = contenders.filter(({ proxy }) => proxy !== null);
  const peers = proxies.filter(({ proxy }) => proxy?.ours === false);
  const found: number[] = [];
  for (const contender of peers.length > 0 ? peers : proxies) {
    options.signal.throwIfAborted();
    try {
      await using stack = new AsyncDisposableStack();
      const run = await openRun(scenario, contender, NaN, options, stack);
      const measured = await scenario.calibrate(run);
      found.push(measured);
      options.onFigures(
        `${scenario.name}, reference ${contender.name}: ${measured.toPrecision(4)}`,
      );
    } catch {
      // The measurement will say why it cannot be measured.
    }
  }
  return Math.max(...found);
}

/** A number for each figure, and CPU seconds of the proxy for each second. */
async function measureOnce(
  scenario: Scenario,
  run: Run,
): Promise<{ readonly numbers: readonly number[]; readonly busy: number }> {
  const start = performance.now();
  const { result, cpuSeconds } = await withCpuSeconds(run, () => scenario.measure(run));
  return { numbers: result, busy: cpuSeconds / ((performance.now() - start) / 1_000) };
}

/** Starts the backend and the proxy, which end with `stack`. */
async function openRun(
  { task, backend, cpus }: Scenario,
  { proxy }: Contender,
  reference: number,
  options: MeasureOptions,
  stack: AsyncDisposableStack,
): Promise<Run> {
  const dir = await Deno.makeTempDir({ dir: options.dir });
  const plan = options.cpus;
  const loadCpus = (cpus === "one" ? plan?.load : plan?.all) ?? null;
  const proxyCpus = (cpus === "one" ? plan?.proxy : plan?.all) ?? null;
  const command = (args: readonly string[]): Command => ({ args, cpus: loadCpus });

  const backendPort = freePort();
  const behind = backend.setUp(dir, backendPort);
  await writeFiles(dir, behind.files);
  const { transport } = backend;
  stack.use(await Running.start(command(behind.args), { port: backendPort, transport }));

  const port = proxy === null ? backendPort : freePort();
  const setUp = proxy?.setUp({ task, dir, listen: port, backend: backendPort });
  await writeFiles(dir, setUp?.files ?? {});
  const running = setUp === undefined
    ? null
    : await Running.start({ ...setUp, cpus: proxyCpus }, { port, transport });
  stack.use(running);

  const { seconds } = options;
  return {
    port,
    seconds,
    reference,
    cpuSeconds: async () => proxy?.losesCpuTime ? NaN : await running?.cpuSeconds() ?? NaN,
    residentBytes: async () => await running?.residentBytes() ?? NaN,
    load: (args) => run(command(args), seconds * 1_000 + LOAD_GRACE),
    command,
  };
}

async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${dir}/${name}`, text);
  }
}

/** The list from place `by` on, and then what is in front of it: so nobody is always the first. */
function rotate<T>(list: readonly T[], by: number): T[] {
  const start = by % Math.max(list.length, 1);
  return [...list.slice(start), ...list.slice(0, start)];
}

function append(lists: Map<string, number[]>, name: string, value: number): void {
  lists.set(name, [...lists.get(name) ?? [], value]);
}
