/**
 * Which CPUs the proxy runs on, and which the load and its backend.
 *
 * @module
 */

/** CPU lists as `taskset --cpu-list` takes them. */
export interface CpuPlan {
  readonly proxy: string;
  readonly load: string;
  readonly all: string;
}

/** The first CPU is the proxy's, the others are for load and backend. Null where there is but one. */
export function planCpus(cpus: readonly number[]): CpuPlan | null {
  const [proxy, ...load] = cpus;
  if (proxy === undefined || load.length === 0) return null;
  return { proxy: String(proxy), load: load.join(","), all: cpus.join(",") };
}

/** CPUs that this process may run on. */
export async function allowedCpus(): Promise<number[]> {
  const status = await Deno.readTextFile("/proc/self/status");
  return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "");
}

/** The numbers in a list such as `0-2,5`. */
export function parseCpuList(list: string): number[] {
  return list.split(",").filter(Boolean).flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
