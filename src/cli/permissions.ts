/**
 * The `permissions` command: the narrowest flags under which Deno lets the proxy do all that a configuration says.
 *
 * @module
 */

import { loadConfig } from "../app/config_file.ts";
import { isGranted, type NeededPermission, neededPermissions } from "../app/permissions.ts";
import { allTargets } from "../app/services.ts";
import { SUCCESS } from "./exit_codes.ts";

/** What is to be served. */
export interface PermissionsOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly logDir: string | null;
}

/**
 * Prints the flags, and what each entry is for and whether it is granted now.
 *
 * @throws {ConfigFileError}
 */
export async function permissions(
  options: PermissionsOptions,
  out: (text: string) => void,
): Promise<number> {
  const settings = await loadConfig(options.config);
  const needed = neededPermissions(settings, {
    configFile: options.config,
    logDir: options.logDir,
    nameServers: await systemNameServers(),
  });
  out(
    `deno run --no-prompt ${formatFlags(needed).join(" ")} main.ts${formatArguments(options)}\n\n`,
  );
  for (const one of needed) {
    const state = isGranted(one) ? "granted" : "MISSING";
    out(`${state}  ${one.flag}=${one.value}  to ${one.purpose}\n`);
  }
  if (allTargets(settings.snapshot).some(({ isIp }) => !isIp)) out(`\n${NAMES_NOTE}\n`);
  return SUCCESS;
}

/** One flag for each kind of permission, with all of its entries; quoted for a shell. */
export function formatFlags(needed: readonly NeededPermission[]): string[] {
  const values = new Map<string, string[]>();
  for (const { flag, value } of needed) values.set(flag, [...values.get(flag) ?? [], value]);
  return [...values].map(([flag, list]) => quote(`${flag}=${list.join(",")}`));
}

const NAMES_NOTE = `\
Targets given by name are reached at whatever IPv4 address the name has: 0.0.0.0/0 with the port stands for that.
Deno has no such form for IPv6: list the addresses, as in [2001:db8::1]:443, or use --allow-net without a list.`;

function formatArguments({ config, logDir }: PermissionsOptions): string {
  return ` --config ${quote(config)}` + (logDir === null ? "" : ` --log-dir ${quote(logDir)}`);
}

function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The name servers that the system is set up with; none where that cannot be read. */
async function systemNameServers(): Promise<string[]> {
  try {
    const text = await Deno.readTextFile("/etc/resolv.conf");
    return [...text.matchAll(/^nameserver[ \t]+([^\s%]+)/gm)].flatMap(([, server]) => server ?? []);
  } catch {
    return [];
  }
}
