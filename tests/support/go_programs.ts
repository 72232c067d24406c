/**
 * Programs of tests/support/go, for whose TLS there is no ready-made program.
 *
 * @module
 */

import { runOk } from "./programs.ts";

/** Builds a program in a folder and returns its path. Needs `go 1.24`; takes seconds the first time. */
export async function buildGo(name: string, folder: string): Promise<string> {
  const path = `${folder}/${name}`;
  const source = new URL(`go/${name}.go`, import.meta.url).pathname;
  await runOk("go", ["build", "-o", path, source], {
    env: { GOTOOLCHAIN: "local" },
    timeoutMs: 300_000,
  });
  return path;
}
