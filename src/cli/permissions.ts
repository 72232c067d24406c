/**
 * The `permissions` command: the narrowest flags under which Deno lets the proxy do all that a configuration says.
 *
 * @module
 */

import { loadConfig } from "../app/config_file.ts";
import {
  formatPermission,
  isGranted,
  type NeededPermission,
  neededPermissions,
} from "../app/permissions.ts";
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
    out(`${state}  ${formatPermission(one)}  to ${one.purpose}\n`);
  }
  if (needed.some(({ value }) => value === ALL_IPV4)) out(`\n${UDP_NOTE}\n`);
  if (allTargets(settings.snapshot).some(({ isIp }) => !isIp)) out(`\n${NAMES_NOTE}\n`);
  return SUCCESS;
}

/** One flag for each kind of permission, with all of its entries, quoted for a shell. */
export function formatFlags(needed: readonly NeededPermission[]): string[] {
  const byFlag = Map.groupBy(needed, ({ flag }) => flag);
  return [...byFlag].map(([flag, permissions]) => {
    const values = permissions.flatMap(({ value }) => value ?? []);
    if (values.length < permissions.length) return flag;
    const list = values.includes(ALL_IPV4) ? values.filter((value) => !isIpv4(value)) : values;
    return quote(`${flag}=${list.join(",")}`);
  });
}

/** Entry that covers all others of its kind. */
const ALL_IPV4 = "0.0.0.0/0";

/** Whether an entry is covered by {@linkcode ALL_IPV4}. */
function isIpv4(value: string): boolean {
  return value !== ALL_IPV4 && /^[\d.]+(\/\d+)?(:\d+)?$/.test(value);
}

const UDP_NOTE = `\
To answer a UDP client, Deno wants its address permitted: where all clients are in a known network, put that in place
of 0.0.0.0/0 and add the other entries of the list above.`;

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
