/**
 * Finds rules that earlier rules of the same protocol leave nothing or less to.
 *
 * A rule without further conditions stands for the combinations of its names (or any name) with its ALPN names (or any).
 * Each combination belongs to the first rule of the file that has it. Rules with conditions are compared in
 * covered_rules.ts.
 *
 * @module
 */

import type { Protocol, Transport } from "../../model/protocol.ts";
import { checkCoveredRules } from "./covered_rules.ts";
import type { ProtocolDraft } from "./draft.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { MATCH_KEYS, type MatchKey, takesKey } from "./match_keys.ts";
import { alpnOf, isConditional, namesOf, servedTransports } from "./routes.ts";
import { quote } from "./value_error.ts";

/** Combinations that a warning names; the rest is counted. */
const MAX_NAMED = 3;

interface Combination {
  readonly name: string | null;
  readonly alpn: string | null;
  /** Where the most telling half of it is written. */
  readonly path: KeyPath;
}

interface Taken extends Combination {
  readonly by: string;
}

/** What earlier rules take of one over one transport. */
interface Loss {
  readonly transport: Transport;
  readonly taken: readonly Taken[];
  readonly all: boolean;
}

/** Reports rules that can never be chosen as errors, and those that lose some of their combinations as warnings. */
export function checkOverlaps(protocols: readonly ProtocolDraft[], findings: Findings): void {
  const readable = protocols.filter(isReadable);
  checkCoveredRules(readable.filter(isConditional), findings);
  const plain = readable.filter((draft) => !isConditional(draft));
  const losses = new Map<ProtocolDraft, Loss[]>(plain.map((draft) => [draft, []]));
  for (const transport of ["tcp", "udp"] as const) {
    const owners = new Map<string, string>();
    for (const draft of plain) {
      if (!servedTransports(draft.values).includes(transport)) continue;
      const all = combinations(draft);
      const taken: Taken[] = [];
      for (const combination of all) {
        const { name, alpn } = combination;
        const id = `${draft.values.protocol}\n${name ?? ""}\n${alpn ?? ""}`;
        const by = owners.get(id);
        if (by === undefined) owners.set(id, draft.name);
        else taken.push({ ...combination, by });
      }
      if (taken.length === 0) continue;
      losses.get(draft)?.push({ transport, taken, all: taken.length === all.length });
    }
  }
  for (const [draft, found] of losses) report(draft, found, findings);
}

/** Whether nothing that it is chosen by is broken: that has been reported, and what it stands for is not known. */
function isReadable({ values, given }: ProtocolDraft): boolean {
  if (values.protocol === undefined) return false;
  return MATCH_KEYS.every((key) => !given.has(key) || values[key] !== undefined);
}

function combinations({ values, path }: ProtocolDraft): readonly Combination[] {
  const alpnKey = values.alpns === undefined ? "alpn" : "alpns";
  const nameKey = (["server_names", "hosts", "query_names"] as const)
    .find((key) => values[key] !== undefined) ?? "server_names";
  return (namesOf(values) ?? [null]).flatMap((name, nameIndex) =>
    (alpnOf(values) ?? [null]).map((alpn, alpnIndex) => ({
      name,
      alpn,
      path: name === null ? [...path, alpnKey, alpnIndex] : [...path, nameKey, nameIndex],
    }))
  );
}

function report(draft: ProtocolDraft, losses: readonly Loss[], findings: Findings): void {
  const [first] = losses;
  if (first === undefined) return;
  if (losses.filter(({ all }) => all).length === servedTransports(draft.values).length) {
    unreachable(draft, first.taken, findings);
    return;
  }
  for (const { transport, taken, all } of losses) {
    if (all) lostTransport(draft, transport, taken, findings);
    else shadowed(draft, taken, findings);
  }
}

function unreachable(draft: ProtocolDraft, taken: readonly Taken[], findings: Findings): void {
  const owners = [...new Set(taken.map(({ by }) => quote(by)))].slice(0, MAX_NAMED).join(", ");
  const { protocol } = draft.values;
  const isBare = taken.every(({ name, alpn }) => name === null && alpn === null);
  if (isBare && protocol !== undefined && !hasNames(protocol)) {
    findings.error(
      [...draft.path, "protocol"],
      `Service ${owners} takes all ${protocol} traffic already`,
      { hint: "Put the targets of both into one service" },
    );
    return;
  }
  const keys = NAMING_KEYS.filter((key) => protocol !== undefined && takesKey(protocol, key));
  const what = isBare
    ? `all other ${protocol} traffic`
    : keys.includes("alpn")
    ? "every server name and ALPN of it"
    : "every name of it";
  findings.error(
    draft.path,
    `Service ${quote(draft.name)} can never be chosen: ${what} goes to ${owners}`,
    { at: "key", hint: `Remove one of them, or give this one other ${keys.join(" or ")}` },
  );
}

/** Keys that make combinations. */
const NAMING_KEYS: readonly MatchKey[] = ["server_names", "alpn", "hosts", "query_names"];

function hasNames(protocol: Protocol): boolean {
  return NAMING_KEYS.some((key) => takesKey(protocol, key));
}

function lostTransport(
  draft: ProtocolDraft,
  transport: Transport,
  taken: readonly Taken[],
  findings: Findings,
): void {
  const owners = [...new Set(taken.map(({ by }) => quote(by)))].slice(0, MAX_NAMED).join(", ");
  const other = transport === "tcp" ? "udp" : "tcp";
  findings.warning(
    [...draft.path, "protocol"],
    `Service ${quote(draft.name)} gets nothing over ${transport.toUpperCase()}: ` +
      `that goes to ${owners}`,
    { hint: `Add transport = "${other}" to say so` },
  );
}

function shadowed(draft: ProtocolDraft, taken: readonly Taken[], findings: Findings): void {
  const named = taken.slice(0, MAX_NAMED).map(({ name, alpn, by }) => {
    const parts = [name, alpn === null ? null : `ALPN ${alpn}`];
    return `${parts.filter((part) => part !== null).join(" with ")} goes to ${quote(by)}`;
  });
  const rest = taken.length > MAX_NAMED ? `, and ${taken.length - MAX_NAMED} more` : "";
  findings.warning(
    taken[0]?.path ?? draft.path,
    `Service ${quote(draft.name)} is partly shadowed: ${named.join(", ")}${rest}`,
    { hint: "The rule that stands first in the file wins" },
  );
}
