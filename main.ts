/**
 * From the command line to an exit code.
 *
 * @module
 */

import { run } from "./src/cli/run.ts";

if (import.meta.main) Deno.exit(await run(Deno.args));
