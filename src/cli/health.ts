/**
 * The `health` command: does the proxy of this configuration answer? For container health checks.
 *
 * @module
 */

import { loadConfig } from "../app/config_file.ts";
import type { SocketAddress } from "../model/address.ts";
import { formatHostPort } from "../proto/ip.ts";
import { FAILURE, SUCCESS } from "./exit_codes.ts";

/** How long the proxy may take to accept, in milliseconds. */
const TIMEOUT = 3_000;

/**
 * Asks the first TCP listener of the configuration for a connection. Where there is only UDP, which accepts nothing,
 * asks whether the port is taken.
 *
 * @throws {ConfigFileError}
 */
export async function health(
  options: { readonly config: string },
  out: (text: string) => void,
): Promise<number> {
  const { listeners } = (await loadConfig(options.config)).snapshot;
  const listener = listeners.find(({ transport }) => transport === "tcp") ?? listeners[0];
  if (listener === undefined) throw new Error("The configuration has no listener");
  const problem = listener.transport === "tcp"
    ? await connectProblem(reachable(listener.address))
    : bindProblem(listener.address);
  const place = `${listener.transport} "${formatHostPort(listener.address)}"`;
  out(problem === null ? `Healthy: ${place} answers\n` : `Unhealthy: ${place}: ${problem}\n`);
  return problem === null ? SUCCESS : FAILURE;
}

/** What to connect to for a listener on all addresses. */
function reachable({ host, port }: SocketAddress): SocketAddress {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return { host: host === "::" ? "::1" : host, port };
}

async function connectProblem({ host, port }: SocketAddress): Promise<string | null> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    (await Deno.connect({ hostname: host, port, signal })).close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function bindProblem({ host, port }: SocketAddress): string | null {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: host, port }).close();
    return "nobody listens there";
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return null;
    return error instanceof Error ? error.message : String(error);
  }
}
