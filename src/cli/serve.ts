/**
 * The service itself: runs until a signal ends it.
 *
 * @module
 */

import { type Proxy, startProxy } from "../app.ts";
import { handleSignals } from "../ops/signals.ts";
import { SUCCESS } from "./exit_codes.ts";

/** What to serve. */
export interface ServeOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly logDir: string | null;
}

/**
 * Serves until SIGTERM or SIGINT, then drains. A second signal ends the process at once.
 *
 * @throws as {@linkcode startProxy}
 */
export async function serve(options: ServeOptions): Promise<number> {
  const stopped = Promise.withResolvers<void>();
  let proxy: Proxy | null = null;
  using _signals = handleSignals({
    stop: () => stopped.resolve(),
    abort: (_signal, exitCode) => Deno.exit(exitCode),
    // Before the proxy is there, it is reading the file anyway.
    reload: () => void proxy?.reload(),
  });
  proxy = await startProxy(options);
  await stopped.promise;
  await proxy.drain();
  return SUCCESS;
}
