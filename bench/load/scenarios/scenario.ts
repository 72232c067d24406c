/**
 * What a scenario is: a load, a backend, and the figures that come of it.
 *
 * @module
 */

import type { Backend } from "../backends.ts";
import type { Proxy, Task } from "../peers/proxy.ts";
import type { Command } from "../processes.ts";

/** What a figure has to reach against other proxies. */
export interface Goal {
  /** Name of a proxy of ours. */
  readonly engine: string;
  /** Names of the others: the best of them in each round is compared with. */
  readonly against: readonly string[];
  /** `ours / theirs`: at least that where higher is better, at most that where lower is. */
  readonly ratio: number;
  /** The most that the figure itself may be. */
  readonly atMost?: number;
}

/** One number that a run gives. */
export interface Figure {
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Whether the load is meant to be more than the proxy can take, so that its CPU should have no time to spare. */
  readonly saturating?: boolean;
  readonly goals: readonly Goal[];
}

/** A proxy under load. */
export interface Run {
  /** Where the load goes. */
  readonly port: number;
  /** How long the load should last. */
  readonly seconds: number;
  /** What {@linkcode Scenario.calibrate} found; NaN where there is nothing to find. */
  readonly reference: number;
  /** CPU seconds that the proxy has used; NaN where there is none, or where it cannot be known. */
  cpuSeconds(): Promise<number>;
  /** Memory that the proxy holds; NaN where there is none. */
  residentBytes(): Promise<number>;
  /** Runs a load program to its end, on the load's CPUs. */
  load(args: readonly string[]): Promise<string>;
  /** How a load program is to be started that {@linkcode Run.load} does not fit. */
  command(args: readonly string[]): Command;
}

/** Something that is measured. */
export interface Scenario {
  readonly name: string;
  readonly task: Task;
  readonly backend: Backend;
  /** Load tool that must be installed; null for one of ours. */
  readonly program: string | null;
  readonly proxies: readonly Proxy[];
  /** Whether the load is put on the backend itself, too, to see what it is capable of. */
  readonly withoutProxy: boolean;
  /** Whether the proxy has one CPU to itself, or all of them, shared with the load. */
  readonly cpus: "one" | "all";
  readonly figures: readonly Figure[];
  /** Whether each round needs proxies that have just started: their memory is what is measured. */
  readonly fresh?: boolean;
  /** Asked of each peer beforehand; the highest answer is the runs' reference. */
  calibrate?(run: Run): Promise<number>;
  /** A number for each of {@linkcode Scenario.figures}; NaN where it has no meaning without a proxy. */
  measure(run: Run): Promise<readonly number[]>;
}

/** CPU seconds that the proxy spends on `work`, with what `work` gives; NaN where they cannot be known. */
export async function withCpuSeconds<T>(
  { cpuSeconds }: Run,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpuSeconds: number }> {
  const before = await cpuSeconds();
  const result = await work();
  return { result, cpuSeconds: await cpuSeconds() - before };
}
