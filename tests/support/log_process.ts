/**
 * A process that only logs: `log_process.ts FORMAT COUNT [DIR]` writes a line to the system log, then the start of COUNT
 * flows to the access log, then another line to the system log.
 *
 * @module
 */

import { LogDirectoryError, openLogs } from "../../src/ops/open_logs.ts";
import { flowRecord } from "./flow_records.ts";

// As main.ts ends: a reader that does not read must not keep the process alive.
Deno.exit(await run(Deno.args));

async function run([format, count, logDir]: readonly string[]): Promise<number> {
  try {
    await using logs = await openLogs({
      logDir: logDir ?? null,
      level: "info",
      format: format === "json" ? "json" : "text",
    });
    logs.log.info("first", "First");
    for (let id = 0; id < Number(count); id++) logs.access.started(flowRecord({ id }));
    logs.log.info("last", "Last");
    return 0;
  } catch (error) {
    if (!(error instanceof LogDirectoryError)) throw error;
    console.error(error.message);
    return 1;
  }
}
