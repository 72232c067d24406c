/**
 * What the `ech` tables of a file come to, and what is wrong with them.
 *
 * @module
 */

import type { Protocol } from "../../../model/protocol.ts";
import type { Draft, EchDraft, ProtocolDraft } from "../draft.ts";
import type { Findings } from "../findings.ts";
import type { KeyPath } from "../key_path.ts";
import type { Surroundings } from "../named_file.ts";
import { quote } from "../value_error.ts";
import { type HeldKey, readKeys } from "./keys.ts";
import { type PrivateRoute, readNames } from "./names.ts";
import { whoTakes } from "./reach.ts";
import { readRejection, type RejectionPlan } from "./rejection.ts";

/** An `ech` table that was read as far as it can be. */
export interface EchPlan {
  readonly keys: readonly HeldKey[];
  readonly routes: readonly PrivateRoute[];
  readonly rejection: RejectionPlan;
  /** Paths of the files that were read, as written. */
  readonly files: readonly string[];
}

/** Plans by the name of their service. */
export type EchPlans = ReadonlyMap<string, EchPlan>;

/** Reads the `ech` tables of all services, with the files that they name. */
export function readEchTables(
  { top, protocols }: Draft,
  surroundings: Surroundings,
  findings: Findings,
): EchPlans {
  const plans = new Map<string, EchPlan>();
  for (const service of protocols) {
    const { protocol } = service.values;
    if (!service.given.has("ech") || protocol === undefined) continue;
    const path = [...service.path, "ech"];
    if (!ECH_PROTOCOLS.includes(protocol)) {
      findings.error(path, `"ech" is for tls and quic, not for ${protocol}`, {
        at: "key",
        hint: "Remove the table",
      });
    } else if (service.ech !== null) {
      const plan = readTable(service.ech, path, protocol, top.values.listen_port, {
        surroundings,
        findings,
      });
      plans.set(service.name, plan);
      checkReach(plan, service, protocols, findings);
    }
  }
  return plans;
}

/** Protocols whose hellos are opened. */
const ECH_PROTOCOLS: readonly Protocol[] = ["tls", "quic"];

function readTable(
  table: EchDraft,
  path: KeyPath,
  protocol: Protocol,
  listenPorts: readonly number[] | undefined,
  { surroundings, findings }: { surroundings: Surroundings; findings: Findings },
): EchPlan {
  const keys = readKeys(table, path, surroundings.read, findings);
  const routes = readNames(table, path, listenPorts, keys, findings);
  checkRetired(table, path, keys, findings);
  const rejection = readRejection(table, path, protocol, keys, surroundings, findings);
  const { key_files = [], certificate, certificate_key } = table.values;
  const files = key_files.map(({ path }) => path);
  if (rejection.kind === "retry") files.push(certificate ?? "", certificate_key ?? "");
  return { keys, routes, rejection, files };
}

function checkRetired(
  { values: { retired_config_ids: retired = [] } }: EchDraft,
  path: KeyPath,
  keys: readonly HeldKey[],
  findings: Findings,
): void {
  for (const [index, id] of retired.entries()) {
    if (!keys.some(({ key }) => key.configId === id)) continue;
    findings.warning(
      [...path, "retired_config_ids", index],
      `There still is a key with config_id ${id}`,
      { hint: "Remove the number: it is for keys that are gone" },
    );
  }
}

function checkReach(
  { keys }: EchPlan,
  service: ProtocolDraft,
  all: readonly ProtocolDraft[],
  findings: Findings,
): void {
  const broken = service.given.has("server_names") && service.values.server_names === undefined;
  if (broken) return;
  const told = new Set<string>();
  for (const { key: { publicName }, path } of keys) {
    if (told.has(publicName)) continue;
    told.add(publicName);
    const taker = whoTakes(publicName, service, all);
    if (taker === undefined) continue;
    const name = quote(publicName);
    findings.warning(
      path,
      taker === null
        ? `Hellos with the public name ${name} do not come to ${quote(service.name)}`
        : `Hellos with the public name ${name} go to ${quote(taker.name)}, which has no such key`,
      {
        hint: taker === null
          ? `Add ${name} to its server_names`
          : `Add ${name} to the server_names of ${quote(service.name)}`,
      },
    );
  }
}
