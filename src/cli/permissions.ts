/**
 * The `permissions` command: the narrowest flags under which Deno lets the proxy do all that a configuration says.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../app/config_file.ts";
import {
  formatPermission,
  isGranted,
  type NeededPermission,
  neededPermissions,
} from "../app/permissions.ts";
import { allServices, allTargets } from "../pipeline/services.ts";
import type { Settings } from "../control/config/settings.ts";
import { parseNameServers, RESOLV_CONF } from "../control/https_record/system_name_servers.ts";
import { libraryPaths } from "../engine/native/sys/open_library.ts";
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
    program: dirname(fileURLToPath(Deno.mainModule)),
    library: findLibrary(),
    configFile: options.config,
    logDir: options.logDir,
    nameServers: await systemNameServers(),
  });
  const flags = formatFlags(needed.filter(({ isOptional }) => !isOptional)).join(" ");
  out(`deno run --no-prompt ${flags} main.ts${formatArguments(options)}\n\n`);
  for (const one of needed) {
    const state = isGranted(one) ? "granted" : one.isOptional ? "optional" : "MISSING";
    out(`${state.padEnd(8)}  ${formatPermission(one)}  to ${one.purpose}\n`);
  }
  for (const note of notes(settings, needed)) out(`\n${note}\n`);
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

/** What is to be known beyond the list. */
function notes({ engine, snapshot }: Settings, needed: readonly NeededPermission[]): string[] {
  const isTransparent = allServices(snapshot).some(({ transparent }) => transparent);
  return [
    ...(needed.some(({ value }) => value === ALL_IPV4) ? [UDP_NOTE] : []),
    ...(allTargets(snapshot).some(({ isIp }) => !isIp) ? [NAMES_NOTE] : []),
    ...(engine === "auto" ? [AUTO_NOTE] : []),
    ...(isTransparent ? [TRANSPARENT_NOTE] : []),
    ...(engine !== "streams" && snapshot.sockets.mark > 0 ? [MARK_NOTE] : []),
  ];
}

const UDP_NOTE = `\
To answer a UDP client, Deno wants its address permitted: where all clients are in a known network, put that in place
of 0.0.0.0/0 and add the other entries of the list above.`;

const NAMES_NOTE = `\
Targets given by name are reached at whatever IPv4 address the name has: 0.0.0.0/0 with the port stands for that.
Deno has no such form for IPv6: list the addresses, as in [2001:db8::1]:443, or use --allow-net without a list.`;

const AUTO_NOTE = `\
Without what is optional the streams engine serves. With engine = "native" in the configuration this command prints the
flags of the native engine alone, which needs no permission to answer UDP clients.`;

const TRANSPARENT_NOTE = `\
"transparent" needs one of the capabilities CAP_NET_ADMIN and CAP_NET_RAW, which the system grants, not Deno.`;

const MARK_NOTE = `\
"socket_mark" needs the capability CAP_NET_ADMIN, or CAP_NET_RAW since Linux 5.17.`;

function formatArguments({ config, logDir }: PermissionsOptions): string {
  return ` --config ${quote(config)}` + (logDir === null ? "" : ` --log-dir ${quote(logDir)}`);
}

function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The file of the C library; null where it is not where it usually is, or may not be looked for. */
function findLibrary(): string | null {
  for (const path of libraryPaths()) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // Not there, or not to be seen: the next one may be.
    }
  }
  return null;
}

/** The name servers that the system is set up with; none where that cannot be read. */
async function systemNameServers(): Promise<string[]> {
  try {
    return parseNameServers(await Deno.readTextFile(RESOLV_CONF));
  } catch {
    return [];
  }
}
