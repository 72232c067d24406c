/**
 * Servers and clients in network namespaces, by which a test learns whom a target sees.
 *
 * @module
 */

import type { NamespaceRow } from "./namespace_row.ts";
import type { RunningProgram } from "./programs.ts";

/** Starts a server in a namespace that answers by HTTP and UDP with the client's address. */
export async function startTeller(
  row: NamespaceRow,
  namespace: string,
  port: number,
  hosts: readonly string[],
): Promise<RunningProgram> {
  await using stack = new AsyncDisposableStack();
  const command = [...denoRun("address_teller_process.ts"), `${port}`, ...hosts];
  const teller = stack.use(row.start(namespace, command));
  await teller.waitForLine(/^ready$/);
  stack.move();
  return teller;
}

/** What comes back for a datagram that is sent from a namespace. */
export async function askByUdp(
  row: NamespaceRow,
  namespace: string,
  host: string,
  port: number,
): Promise<string> {
  const command = [...denoRun("ask_by_udp_process.ts"), host, `${port}`];
  return (await row.run(namespace, command)).trim();
}

function denoRun(script: string): string[] {
  const path = new URL(script, import.meta.url).pathname;
  return [Deno.execPath(), "run", "--no-prompt", "--unstable-net", "--allow-net", path];
}
