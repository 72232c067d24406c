/**
 * Databases of certificates as NSS has them, which Chromium on Linux and Firefox read as well.
 *
 * @module
 */

import { runOk } from "./programs.ts";

/** Makes a database in a folder, which is made as well, with an authority that is trusted for servers. Needs `certutil`. */
export async function trustAuthority(folder: string, authorityPath: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const database = `sql:${folder}`;
  await runOk("certutil", ["-N", "-d", database, "--empty-password"]);
  await runOk("certutil", [
    ...["-A", "-d", database, "-n", "test", "-t", "C,,", "-i", authorityPath],
  ]);
}
