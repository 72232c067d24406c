/**
 * From the command line to an exit code.
 *
 * @module
 */

import { run } from "./src/cli/run.ts";
import { isWorkerThread } from "./src/engine/native/worker.ts";

// A bundle is the main module of its worker threads, too.
if (import.meta.main && !isWorkerThread()) Deno.exit(await run(Deno.args));
