/**
 * Signals of the operating system, turned into what an operator means by them.
 *
 * @module
 */

/** What to do on each request. Handlers are called synchronously, in the order in which signals arrive. */
export interface SignalHandlers {
  /** First SIGTERM or SIGINT: end in order. */
  stop(signal: Deno.Signal): void;
  /** Any later one: end at once, with this exit code (128 + signal number, as shells show it). */
  abort(signal: Deno.Signal, exitCode: number): void;
  /** SIGHUP: read the configuration again, re-open the logs. */
  reload(): void;
}

/**
 * Listens for signals until disposed of.
 *
 * To be called first of all: Deno cannot register a signal once file descriptors have run out, and process 1 of a
 * container has no default action for SIGTERM: without a listener it would not end.
 */
export function handleSignals(handlers: SignalHandlers): Disposable {
  let stopping = false;
  const stop = (signal: Deno.Signal, number: number) => () => {
    if (stopping) return handlers.abort(signal, 128 + number);
    stopping = true;
    handlers.stop(signal);
  };
  const listeners: readonly [Deno.Signal, () => void][] = Deno.build.os === "windows"
    // The only two that Windows can deliver.
    ? [["SIGINT", stop("SIGINT", 2)], ["SIGBREAK", stop("SIGBREAK", 21)]]
    : [
      ["SIGINT", stop("SIGINT", 2)],
      ["SIGTERM", stop("SIGTERM", 15)],
      ["SIGHUP", () => handlers.reload()],
    ];
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
