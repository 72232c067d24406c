/**
 * A port for a program that cannot be told to choose one itself.
 *
 * @module
 */

/**
 * A port that is free for TCP and UDP on all addresses. It lies below the range from which systems choose ports by
 * themselves, so that no connection of another test takes it in the meantime.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (isFree(port)) return port;
  }
  throw new Error("No free port found between 10000 and 32000");
}

function isFree(port: number): boolean {
  try {
    const listener = Deno.listen({ hostname: "0.0.0.0", port });
    try {
      Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port }).close();
    } finally {
      listener.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
