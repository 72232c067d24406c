/**
 * Runs the command that the command line names.
 *
 * @module
 */

import { loadConfig } from "../app/config_file.ts";
import { describeFailure } from "../app/failure.ts";
import { VERSION } from "../app/version.ts";
import { type Command, parseCommandLine, UsageError } from "./args.ts";
import { check } from "./check.ts";
import { FAILURE, SUCCESS, WRONG_USAGE } from "./exit_codes.ts";
import { findConfig } from "./find_config.ts";
import { explainInWords, explainLines, innerNameHint } from "./explain.ts";
import { health } from "./health.ts";
import { HELP } from "./help.ts";
import { permissions } from "./permissions.ts";
import { serve } from "./serve.ts";
import { err, hasColour, out } from "./terminal.ts";

/** Runs a command to its end and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    return await runCommand(parseCommandLine(argv));
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\nTry "rpxy-l4 --help"\n`);
      return WRONG_USAGE;
    }
    // The reader has seen enough, as in `rpxy-l4 explain | head`.
    if (error instanceof Deno.errors.BrokenPipe) return FAILURE;
    err(`${describeFailure(error, { colour: hasColour(Deno.stderr) }).join("\n")}\n`);
    return FAILURE;
  }
}

async function runCommand(command: Command): Promise<number> {
  switch (command.name) {
    case "help":
      out(HELP);
      return SUCCESS;
    case "version":
      out(`rpxy-l4 ${VERSION} (deno ${Deno.version.deno})\n`);
      return SUCCESS;
    case "serve":
      return await serve({ ...command, config: findConfig(command.config) });
    case "check":
      return await check(
        { config: findConfig(command.config), colour: hasColour(Deno.stderr) },
        out,
        err,
      );
    case "explain": {
      const snapshot = command.config === null ? null : (await loadConfig(command.config)).snapshot;
      if (command.flow !== null && snapshot !== null) {
        out(JSON.stringify(explainInWords(command.flow, snapshot)) + "\n");
        const hint = innerNameHint(command.flow, snapshot);
        if (hint !== null) err(`${hint}\n`);
      } else {
        if (Deno.stdin.isTerminal()) err(EXPLAIN_INVITATION);
        await explainLines(Deno.stdin.readable, out, snapshot);
      }
      return SUCCESS;
    }
    case "permissions":
      return await permissions({ ...command, config: findConfig(command.config) }, out);
    case "health":
      return await health({ config: findConfig(command.config) }, out);
    case "ech": {
      // No part of the service, either.
      const { runEch } = await import("./ech/run_ech.ts");
      return await runEch(command.command, out, err);
    }
    case "demo": {
      // Its backends are no part of the service: loaded only when asked for.
      const { demo } = await import("./demo.ts");
      return await demo();
    }
  }
}

/** For whoever waits for an answer while the command waits for a question. */
const EXPLAIN_INVITATION = "Reading flows, one JSON object a line, until Ctrl-D. " +
  'Or describe one: "rpxy-l4 explain --config FILE --sni NAME"\n';
