/**
 * The programs in `programs/`: each runs in a process of its own, so that it is on the CPUs of the load and has
 * descriptors of its own.
 *
 * @module
 */

/** Command that runs one of them. */
export function programArgs(name: string, ...args: readonly (string | number)[]): string[] {
  const path = new URL(`programs/${name}.ts`, import.meta.url).pathname;
  return [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--allow-ffi",
    "--allow-net",
    path,
    ...args.map(String),
  ];
}
