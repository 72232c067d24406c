/**
 * What a process holds, as the system counts it.
 *
 * @module
 */

/** Open descriptors by kind, and resident memory in bytes. */
export interface Footprint {
  readonly descriptors: number;
  readonly sockets: number;
  readonly pipes: number;
  readonly memory: number;
}

/** Reads it from `/proc`. */
export async function readFootprint(pid: number): Promise<Footprint> {
  let [descriptors, sockets, pipes] = [0, 0, 0];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const link = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    descriptors++;
    if (link.startsWith("socket:")) sockets++;
    if (link.startsWith("pipe:")) pipes++;
  }
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return { descriptors, sockets, pipes, memory: Number(kibibytes) * 1024 };
}
