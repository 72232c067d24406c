/**
 * Which data plane a configuration gets.
 *
 * @module
 */

import type { Settings } from "../control/config/settings.ts";
import type { Engine, EngineOptions } from "../engine/engine.ts";
import { NativeEngine } from "../engine/native/native_engine.ts";
import { nativeSupport } from "../engine/native/native_support.ts";
import { permittedLibrary } from "../engine/native/sys/open_library.ts";
import { StreamsEngine } from "../engine/streams/streams_engine.ts";
import type { SocketOptions } from "../model/snapshot.ts";
import type { Log } from "../ops/log.ts";
import { allServices } from "../pipeline/services.ts";

/** The engine that the configuration asks for cannot be had. `hint` says what a person can do. */
export class EngineError extends Error {
  /** Tells this error from others. */
  override readonly name = "EngineError";
  /** What a person can do about it, in one sentence without a full stop. */
  readonly hint: string;

  /** Puts `reason` at the end of what cannot be done. */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Makes the engine. With `auto`, a native engine that was permitted and cannot be had is told of; one that was not
 * permitted is none to miss.
 *
 * @throws {EngineError} when the configuration insists on what cannot be had
 */
export function chooseEngine(settings: Settings, options: EngineOptions, log: Log): Engine {
  const { engine, workers } = settings;
  if (engine === "streams") return new StreamsEngine(options);
  const obstacle = nativeSupport();
  if (obstacle === null) {
    return new NativeEngine({ ...options, workers: workers ?? navigator.hardwareConcurrency });
  }
  if (engine === "native") {
    throw new EngineError(`Cannot use the native engine: ${obstacle}`, hintFor(settings));
  }
  if (permittedLibrary() !== null) {
    log.warn(
      "native_unavailable",
      `The streams engine takes the place of the native one: ${obstacle}`,
    );
  }
  return new StreamsEngine(options);
}

/**
 * Makes sure that the engine can do what the configuration cannot do without: targets would take the proxy for the
 * client, and nobody would notice.
 *
 * @throws {EngineError}
 */
export function assertSuits(settings: Settings, engine: Pick<Engine, "name">): void {
  if (engine.name !== "streams") return;
  const transparent = allServices(settings.snapshot).find((service) => service.transparent);
  if (transparent === undefined) return;
  throw new EngineError(
    `Service "${transparent.name}" is transparent, which the running streams engine cannot be`,
    "Start the proxy anew, with --allow-ffi",
  );
}

/** What the configuration says in vain while this engine runs, made with `first`, in sentences. */
export function engineWarnings(
  settings: Settings,
  engine: Pick<Engine, "name">,
  first: Settings,
): string[] {
  const warnings: string[] = [];
  for (const key of ["engine", "workers"] as const) {
    // A service that has become transparent turns "auto" into the engine that runs already.
    if (settings[key] === first[key] || settings[key] === engine.name) continue;
    warnings.push(`"${key}" has changed: this takes effect when the proxy is started again`);
  }
  // With engine = "streams" the configuration's own warnings say so.
  if (engine.name !== "streams" || settings.engine === "streams") return warnings;
  const { sockets } = settings.snapshot;
  for (const [option, key] of Object.entries(SOCKET_KEYS) as [keyof SocketOptions, string][]) {
    if (sockets[option]) warnings.push(`"${key}" does nothing: the streams engine is in use`);
  }
  return warnings;
}

const SOCKET_KEYS: Readonly<Record<keyof SocketOptions, string>> = {
  tcpFastOpen: "tcp_fast_open",
  tcpDeferAcceptMs: "tcp_defer_accept",
  tcpUserTimeoutMs: "tcp_user_timeout",
  mark: "socket_mark",
};

function hintFor({ snapshot }: Settings): string {
  const start = "Start deno with --allow-ffi on a Linux system";
  return allServices(snapshot).some(({ transparent }) => transparent)
    ? `${start}, as "transparent" has no other way to work`
    : `${start}, or write engine = "auto"`;
}
