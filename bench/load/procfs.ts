/**
 * What Linux tells about processes: CPU time, memory, sockets.
 *
 * @module
 */

/** Clock ticks a second in `/proc/PID/stat`: fixed by the Linux ABI. */
const TICKS_PER_SECOND = 100;

/** CPU seconds used so far by a process and those below it, ended ones too. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stats = await Promise.all(
    [pid, ...await descendantsOf(pid)].map((one) => readOrEmpty(`/proc/${one}/stat`)),
  );
  return stats.reduce((sum, stat) => sum + parseCpuTicks(stat), 0) / TICKS_PER_SECOND;
}

/**
 * Bytes of memory of a process and those below it. What several of them share is counted once, in parts (Pss), so that
 * a proxy with a process for each connection is not charged for its code again and again.
 */
export async function residentBytes(pid: number): Promise<number> {
  let bytes = 0;
  for (const one of [pid, ...await descendantsOf(pid)]) {
    bytes += parsePss(await readOrEmpty(`/proc/${one}/smaps_rollup`));
  }
  return bytes;
}

/** All processes below a process. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const children = (await readOrEmpty(`/proc/${pid}/task/${pid}/children`))
    .split(" ").filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

/** Whether a port is open. Asked of the system, because a trial connection would reach the backend. */
export async function isOpen(port: number, transport: "tcp" | "udp"): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  // LISTEN, or for UDP the state of a socket that is not connected (include/net/tcp_states.h).
  const state = transport === "tcp" ? "0A" : "07";
  const pattern = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} 0+:0000 ${state} `, "m");
  const tables = await Promise.all(
    [transport, `${transport}6`].map((name) => readOrEmpty(`/proc/net/${name}`)),
  );
  return tables.some((table) => pattern.test(table));
}

/** The user and system time in `/proc/PID/stat`, with that of children that have ended; 0 for an empty text. */
export function parseCpuTicks(stat: string): number {
  // The command name is in brackets and may hold spaces: fields are counted from behind it (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** Bytes of the `Pss` line of `/proc/PID/smaps_rollup`; 0 where there is none. */
export function parsePss(rollup: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** Empty where the process has ended in the meantime. */
function readOrEmpty(path: string): Promise<string> {
  return Deno.readTextFile(path).catch(() => "");
}
