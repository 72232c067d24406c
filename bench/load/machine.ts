/**
 * What a benchmark ran on.
 *
 * @module
 */

import type { Proxy } from "./peers/proxy.ts";
import { findProgram } from "./processes.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** Runnable threads on average over the last minute, when the benchmark began: what else it had to do. */
  readonly load: number;
  /** Version by name of the program. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of this project; with `+` where files have been changed since. */
  readonly commit: string;
}

/** Describes this machine and the programs that are on it. */
export async function describeMachine(proxies: readonly Proxy[]): Promise<Machine> {
  const versions: Record<string, string> = { deno: Deno.version.deno };
  const programs = [
    ...proxies.map(({ program, versionArgs }) => [program, versionArgs] as const),
    ["iperf3", ["--version"]] as const,
    ["wrk", ["-v"]] as const,
  ];
  for (const [program, args] of programs) {
    const path = program === null ? null : await findProgram(program);
    if (program !== null && path !== null) versions[program] = await firstLine(path, args);
  }
  const cpuInfo = await Deno.readTextFile("/proc/cpuinfo");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpuInfo)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    kernel: Deno.osRelease(),
    load: Deno.loadavg()[0] ?? NaN,
    versions,
    commit: await commit(),
  };
}

async function commit(): Promise<string> {
  const id = await firstLine("git", ["-C", ROOT, "rev-parse", "HEAD"]);
  const changes = await firstLine("git", ["-C", ROOT, "status", "--porcelain", "-uno"]);
  return changes === "" ? id : `${id}+`;
}

/** The first line that a program prints, on whichever output; empty where there is none. */
async function firstLine(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
    const text = new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
    return text.split("\n")[0]?.trim() ?? "";
  } catch {
    return "";
  }
}
