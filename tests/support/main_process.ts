/**
 * The program as a person starts it: any command, under any permissions.
 *
 * @module
 */

import { ENGINE_PERMISSIONS } from "./engine_under_test.ts";
import { type ProgramOutput, run, RunningProgram, type RunOptions } from "./programs.ts";

/** What the base job is granted. */
export const BASE_PERMISSIONS = ["--allow-net", "--allow-read"];

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** The words after `deno` that start the program. */
export function denoArguments(
  args: readonly string[],
  permissions: readonly string[] = BASE_PERMISSIONS,
): string[] {
  return ["run", "--no-prompt", "--frozen", ...permissions, MAIN, ...args];
}

/** Starts the service. */
export function startMain(
  args: readonly string[],
  permissions: readonly string[] = BASE_PERMISSIONS,
  env: Readonly<Record<string, string>> = {},
): RunningProgram {
  return RunningProgram.start(Deno.execPath(), denoArguments(args, permissions), {
    NO_COLOR: "1",
    ...env,
  });
}

/** Starts the service and waits until it listens; it must log to its standard output. */
export async function startService(
  args: readonly string[],
  permissions: readonly string[] = ENGINE_PERMISSIONS,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(startMain(args, permissions, env));
  await service.waitForLine(/\bevent=started\b/);
  stack.move();
  return service;
}

/** Runs a command to its end. */
export function runMain(
  args: readonly string[],
  options: RunOptions & { readonly permissions?: readonly string[] } = {},
): Promise<ProgramOutput> {
  const { permissions = BASE_PERMISSIONS, env, ...rest } = options;
  return run(Deno.execPath(), denoArguments(args, permissions), {
    ...rest,
    env: { NO_COLOR: "1", ...env },
  });
}
