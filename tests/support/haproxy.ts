/**
 * HAProxy in front of the proxy.
 *
 * @module
 */

import { freePort } from "./free_port.ts";
import { RunningProgram } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** A running HAProxy that relays TCP. */
export interface Haproxy extends AsyncDisposable {
  /** Where clients connect to, at 127.0.0.1. */
  readonly port: number;
}

/** Starts HAProxy; `sendOption` is `send-proxy` or `send-proxy-v2`, the version of the PROXY header it sends. */
export async function startHaproxy(targetPort: number, sendOption: string): Promise<Haproxy> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const port = freePort();
  const config = await dir.write(
    "haproxy.cfg",
    `defaults
      mode tcp
      timeout connect 5s
      timeout client 30s
      timeout server 30s
    listen relay
      bind 127.0.0.1:${port}
      server proxy 127.0.0.1:${targetPort} ${sendOption}\n`,
  );
  const process = stack.use(RunningProgram.start("haproxy", ["-W", "-db", "-V", "-f", config]));
  await process.waitForLine(/Loading success/);
  const running = stack.move();
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
