/**
 * The real proxy as its own process, with no more permissions than the base job is granted, unless a test says so.
 *
 * @module
 */

import { ENGINE_PERMISSIONS } from "./engine_under_test.ts";
import { freePort } from "./free_port.ts";
import { RunningProgram } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** How to start the proxy. */
export interface ProxyOptions {
  /** Text of the configuration file, all but `listen_port`, which is put in front. */
  readonly config: string;
  /** Port to listen on for TCP and UDP; a free one is found where it is not given. */
  readonly port?: number;
  /** Limit of open file descriptors. */
  readonly maxFiles?: number;
  /** Path of the bundle, to run that in place of the sources. */
  readonly bundle?: string | undefined;
  /** Permissions beyond those, such as `--allow-ffi`. */
  readonly permissions?: readonly string[];
  /** Command words to run it behind, such as `ip netns exec NAME`. */
  readonly behind?: readonly string[];
}

/** A running proxy. Disposing of it ends it in order and removes its files. */
export interface ProxyProcess extends AsyncDisposable {
  readonly port: number;
  readonly configPath: string;
  readonly process: RunningProgram;
  /** Replaces the configuration by another, for the same port; the proxy finds out by itself. */
  writeConfig(config: string): Promise<void>;
  /** Waits for `[finish]` lines of the access log that fit `pattern`, and returns the last of `count`. */
  waitForFinish(pattern: RegExp, count?: number): Promise<string>;
}

/** Starts the proxy and waits until it listens. */
export async function startProxy(options: ProxyOptions): Promise<ProxyProcess> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const port = options.port ?? freePort();
  const writeConfig = async (config: string) => {
    // Clients that are still there when a test ends are not waited for.
    const drain = /^\s*drain_timeout/m.test(config) ? "" : 'drain_timeout = "0s"\n';
    await dir.write("next.toml", `listen_port = ${port}\n${drain}${config}`);
    await Deno.rename(`${dir.path}/next.toml`, configPath);
  };
  const configPath = `${dir.path}/config.toml`;
  await writeConfig(options.config);
  const [program = "", ...args] = [
    ...(options.behind ?? []),
    ...(options.maxFiles === undefined ? [] : LIMIT_FILES(options.maxFiles)),
    ...[Deno.execPath(), "run", "--no-prompt", "--frozen", ...ENGINE_PERMISSIONS],
    ...(options.permissions ?? []),
    // The bundle has no deno.json, so what that says is said here.
    ...(options.bundle === undefined ? [MAIN] : ["--no-config", "--unstable-net", options.bundle]),
    ...["--config", configPath],
  ];
  const process = stack.use(RunningProgram.start(program, args, { NO_COLOR: "1" }));
  await process.waitForLine(/\bevent=started\b/);
  const running = stack.move();
  return {
    port,
    configPath,
    process,
    writeConfig,
    waitForFinish: (pattern, count = 1) =>
      process.waitForLine(new RegExp(`\\[finish\\] .*(?:${pattern.source})`), { count }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Sets the limit and becomes the program, so that signals reach it. */
const LIMIT_FILES = (count: number) => ["sh", "-c", `ulimit -n ${count} && exec "$@"`, "sh"];
