/**
 * Which permissions a configuration needs from Deno, down to the single address.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Settings } from "../control/config/settings.ts";
import type { Snapshot, Target } from "../model/snapshot.ts";
import { formatHostPort } from "../proto/ip.ts";
import { allServices, allTargets } from "../pipeline/services.ts";
import { beside } from "./named_files.ts";
import { targetInWords } from "./private_targets.ts";

/** One entry of one `--allow-…` flag. */
export interface NeededPermission {
  readonly flag: "--allow-net" | "--allow-read" | "--allow-write" | "--allow-ffi";
  /** What to put into the flag's list; null: no list is wide enough, so the flag stands alone. */
  readonly value: string | null;
  /** What breaks without it, such as `reach tcp target "10.0.0.2:443"`. */
  readonly purpose: string;
  /** What to ask Deno for to learn whether it is granted. */
  readonly descriptor: Deno.PermissionDescriptor;
  /** False: `value` is a range, and `descriptor` only a sample of it. */
  readonly isExact: boolean;
  /** Whether all works without it, if less well. */
  readonly isOptional?: boolean;
  /** Whether `value` may be what only the operator should see: the address of a target behind an inner name. */
  readonly isPrivate?: boolean;
}

/** Files and name servers that a service uses besides what its configuration names. */
export interface Surroundings {
  /** Directory of the program: the native engine's threads load modules while it runs. */
  readonly program: string;
  /** The file of the C library, whose functions the native engine calls; null: not known. */
  readonly library: string | null;
  readonly configFile: string;
  readonly logDir: string | null;
  /** Addresses of the system's name servers; needed for targets that are names. */
  readonly nameServers: readonly string[];
}

/**
 * Every permission that the service needs to do all that the configuration says, each once. With `engine = "auto"` they
 * are those under which the `streams` engine can step in.
 */
export function neededPermissions(
  settings: Settings,
  surroundings: Surroundings,
): NeededPermission[] {
  const { snapshot } = settings;
  const engine = settings.engine === "native" ? "native" : "streams";
  const needed = [
    ...listenerPermissions(snapshot, engine),
    ...targetPermissions(snapshot, engine),
  ];
  const names = allTargets(snapshot).filter(({ isIp }) => !isIp);
  if (names.length > 0) {
    for (const host of surroundings.nameServers) {
      needed.push(net(formatHostPort({ host, port: 53 }), "ask the name server"));
    }
  }
  // Without a port: what the system's own look-up asks for.
  for (const { host } of names) needed.push(net(host, `look up "${host}"`));
  // The directories, not the files alone: editors and ConfigMaps put other files in their place.
  const { configFile } = surroundings;
  needed.push(file("read", dirname(configFile), "read the configuration and see it change"));
  for (const { path, service } of settings.files) {
    const directory = dirname(beside(configFile, path));
    needed.push(file("read", directory, `read the keys of "${service}" and see them change`));
  }
  if (surroundings.logDir !== null) {
    needed.push(file("read", surroundings.logDir, "see log files rotated away"));
    needed.push(file("write", surroundings.logDir, "write log files"));
  }
  if (settings.engine !== "streams") {
    const isOptional = settings.engine === "auto";
    const modules = file("read", surroundings.program, "load the native engine into its threads");
    needed.push({ ...modules, isOptional }, { ...ffi(surroundings.library), isOptional });
  }
  return mergeEqual(needed);
}

/**
 * Permissions to listen and to answer. Deno asks for the address of each client that its UDP sockets send to: which
 * clients come is not known, so all IPv4 addresses are needed, and of IPv6, which has no ranges in Deno's lists, simply
 * all. The native engine, which Deno does not watch, asks for what it listens on and for targets: answers need no more.
 */
function listenerPermissions(
  { listeners }: Pick<Snapshot, "listeners">,
  engine: string,
): NeededPermission[] {
  return listeners.flatMap(({ transport, address }) => {
    const listen = net(formatHostPort(address), `listen on ${transport}`);
    if (transport === "tcp" || engine === "native") return [listen];
    const purpose = "answer udp clients";
    return address.host.includes(":")
      ? [listen, anyNet(purpose)]
      : [listen, net("0.0.0.0/0", purpose, `${SAMPLE_ADDRESS}:1024`)];
  });
}

/**
 * Permissions to reach the targets. The addresses of a name are not known beforehand, and Deno asks for the address: so
 * a name needs its port on all IPv4 addresses. Deno's lists have no way to say the same of IPv6.
 *
 * @param engine as in `Engine.name`
 */
export function targetPermissions(
  snapshot: Pick<Snapshot, "tcp" | "udp">,
  engine: string,
): NeededPermission[] {
  const needed: NeededPermission[] = [];
  for (const service of allServices(snapshot)) {
    for (const target of service.targets) {
      const { transport, isPrivate } = service;
      const where = (isPrivate ? "" : `${transport} target `) + targetInWords(service, target);
      const purpose = `reach ${where}`;
      const reach = target.isIp
        ? net(formatHostPort(target), purpose)
        : net(`0.0.0.0/0:${target.port}`, purpose, `${SAMPLE_ADDRESS}:${target.port}`);
      needed.push({ ...reach, isPrivate: isPrivate === true });
      if (service.transport === "udp" && engine !== "native") {
        needed.push(...upstreamSockets(target, where));
      }
    }
  }
  return needed;
}

/** Whether Deno grants it now. Asks nobody. */
export function isGranted({ descriptor }: NeededPermission): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/** `--allow-net=10.0.0.2:443`, or the flag alone. */
export function formatPermission({ flag, value }: NeededPermission): string {
  return value === null ? flag : `${flag}=${value}`;
}

/** Stands for any IPv4 address in a query: Deno answers none about a range (RFC 5737 §3). */
const SAMPLE_ADDRESS = "192.0.2.1";

/** The unconnected local socket of a UDP session. */
function upstreamSockets({ host, isIp }: Target, where: string): NeededPermission[] {
  const purpose = `send to ${where}`;
  const needed: NeededPermission[] = [];
  if (!isIp || !host.includes(":")) needed.push(net("0.0.0.0:0", purpose));
  if (!isIp || host.includes(":")) needed.push(net("[::]:0", purpose));
  return needed;
}

/** One entry for each value, with all of its purposes. */
function mergeEqual(needed: readonly NeededPermission[]): NeededPermission[] {
  const merged = new Map<string, NeededPermission>();
  for (const one of needed) {
    const key = formatPermission(one);
    const before = merged.get(key);
    const purpose = before === undefined || before.purpose.split(", ").includes(one.purpose)
      ? before?.purpose ?? one.purpose
      : `${before.purpose}, ${one.purpose}`;
    const isOptional = one.isOptional === true && before?.isOptional !== false;
    merged.set(key, { ...one, purpose, isOptional });
  }
  return [...merged.values()];
}

function net(value: string, purpose: string, host = value): NeededPermission {
  return {
    flag: "--allow-net",
    value,
    purpose,
    descriptor: { name: "net", host },
    isExact: host === value,
  };
}

function anyNet(purpose: string): NeededPermission {
  return {
    flag: "--allow-net",
    value: null,
    purpose,
    descriptor: { name: "net" },
    isExact: true,
  };
}

function file(name: "read" | "write", path: string, purpose: string): NeededPermission {
  return {
    flag: `--allow-${name}`,
    value: path,
    purpose,
    descriptor: { name, path },
    isExact: true,
  };
}

function ffi(library: string | null): NeededPermission {
  return {
    flag: "--allow-ffi",
    value: library,
    purpose: "make the native engine's system calls",
    descriptor: library === null ? { name: "ffi" } : { name: "ffi", path: library },
    isExact: true,
  };
}
