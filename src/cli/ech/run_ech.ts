/**
 * Runs one of the commands for Encrypted Client Hello.
 *
 * @module
 */

import { ValueError } from "../../control/config/value_error.ts";
import { FAILURE } from "../exit_codes.ts";
import { findConfig } from "../find_config.ts";
import { check } from "./check.ts";
import type { EchCommand } from "./command.ts";
import { FileError } from "./file_error.ts";
import { generate } from "./generate.ts";
import { rotate } from "./rotate.ts";
import { show } from "./show.ts";

/** Runs a command to its end and returns the exit code. */
export async function runEch(
  command: EchCommand,
  out: (text: string) => void,
  err: (text: string) => void,
): Promise<number> {
  try {
    switch (command.action) {
      case "generate":
        return await generate(command, out);
      case "show":
        return await show(command.source, out);
      case "check":
        return await check({ ...command, config: findConfig(command.config) }, out);
      case "rotate":
        return await rotate({ ...command, config: findConfig(command.config) }, out);
    }
  } catch (error) {
    if (error instanceof FileError) {
      err(`${error.message}\n`);
    } else if (error instanceof ValueError) {
      err(`${error.message}\n${error.hint === null ? "" : `  ${error.hint}\n`}`);
    } else {
      throw error;
    }
    return FAILURE;
  }
}
