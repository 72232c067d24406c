/**
 * Where inner names lead.
 *
 * @module
 */

import type { LoadBalance, Target } from "../../../model/snapshot.ts";
import { formatHostPort } from "../../../proto/ip.ts";
import type { EchDraft } from "../draft.ts";
import type { Findings } from "../findings.ts";
import type { KeyPath } from "../key_path.ts";
import type { HeldKey } from "./keys.ts";

/** Inner names with their backends. */
export interface PrivateRoute {
  readonly names: readonly string[];
  readonly targets: readonly Target[];
  readonly loadBalance: LoadBalance;
  /** Where the file has the targets, one by one. */
  readonly targetPaths: readonly KeyPath[];
}

/**
 * Reads all inner names of an `ech` table. No message has any of them: it is for logs to show what is hidden nowhere.
 *
 * @param path of the table
 * @param listenPorts undefined where they cannot be read
 */
export function readNames(
  { values, given }: EchDraft,
  path: KeyPath,
  listenPorts: readonly number[] | undefined,
  keys: readonly HeldKey[],
  findings: Findings,
): readonly PrivateRoute[] {
  if (!given.has("private_server_names") && !given.has("private")) {
    findings.error(path, "There is no inner name to let through", {
      at: "key",
      hint: "Add private_server_names, or private with names and targets",
    });
  }
  const publicNames = new Set(keys.map(({ key }) => key.publicName));
  const seen = new Set<string>();
  const check = (name: string, path: KeyPath) => {
    if (seen.has(name)) {
      findings.error(path, "This inner name is there twice", { hint: "Remove one of the two" });
    } else if (publicNames.has(name)) {
      findings.warning(path, "This inner name is the public name as well, which hides nothing", {
        hint: "Choose a public name of its own, which may be harmless",
      });
    }
    seen.add(name);
  };
  const routes: PrivateRoute[] = [];
  for (const [index, { name, port }] of (values.private_server_names ?? []).entries()) {
    const at = [...path, "private_server_names", index];
    check(name, at);
    const target = targetFor(name, port, listenPorts, at, findings);
    if (target === null) continue;
    routes.push({ names: [name], targets: [target], loadBalance: "none", targetPaths: [at] });
  }
  for (const [index, table] of (values.private ?? []).entries()) {
    const at = [...path, "private", index];
    for (const [position, name] of table.names.entries()) check(name, [...at, "names", position]);
    routes.push({
      names: table.names,
      targets: table.target,
      loadBalance: table.load_balance,
      targetPaths: table.target.map((_, position) => [...at, "target", position]),
    });
  }
  return routes;
}

/** The host of the name; its port is that of the listener where none is given, as in rpxy-l4. */
function targetFor(
  host: string,
  given: number | null,
  listenPorts: readonly number[] | undefined,
  path: KeyPath,
  findings: Findings,
): Target | null {
  const [only, another] = listenPorts ?? [];
  if (given === null && another !== undefined) {
    findings.error(path, "This inner name needs a port: there are several to listen on", {
      hint: "Write it as in name:443",
    });
  }
  const port = given ?? (another === undefined ? only : undefined);
  if (port === undefined) return null;
  return { host, port, isIp: false, label: formatHostPort({ host, port }) };
}
