/**
 * Finds rules that earlier rules of the same protocol leave nothing or less to.
 *
 * A rule without further conditions stands for the combinations of its names (or any name) with its ALPN names (or any).
 * Each combination belongs to the first rule of the file that has it. A rule with conditions has nothing left where an
 * earlier one asks for no more than it does.
 *
 * @module
 */

import type { Protocol, Transport } from "../../model/protocol.ts";
import { cidrContains } from "../../proto/cidr.ts";
import { matchesGlob } from "../../proto/glob.ts";
import type { ProtocolDraft } from "./draft.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { MATCH_KEYS, type MatchKey, subjectOf, takesKey } from "./match_keys.ts";
import { alpnOf, ignoresCase, isConditional, namesOf, servedTransports } from "./routes.ts";
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
  checkConditional(readable.filter(isConditional), findings);
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

function checkConditional(drafts: readonly ProtocolDraft[], findings: Findings): void {
  for (const [index, draft] of drafts.entries()) {
    const earlier = drafts.slice(0, index).find((other) =>
      other.values.protocol === draft.values.protocol &&
      servedTransports(draft.values).every((transport) =>
        servedTransports(other.values).includes(transport)
      ) &&
      MATCH_KEYS.every((key) => covers(other, draft, key))
    );
    if (earlier === undefined) continue;
    const isSame = MATCH_KEYS.every((key) => covers(draft, earlier, key));
    findings.error(
      draft.path,
      `Service ${quote(draft.name)} can never be chosen: ${quote(earlier.name)} stands before ` +
        "it and takes all that it asks for",
      {
        at: "key",
        hint: isSame
          ? "Both ask for the same: put the targets of both into one service"
          : "Put the service that asks for more before the other",
      },
    );
  }
}

/** Whether all flows that have what a rule asks for under a key have what an earlier rule asks for. */
function covers(earlier: ProtocolDraft, later: ProtocolDraft, key: MatchKey): boolean {
  if (key === "sources") {
    const { sources: blocks } = earlier.values;
    return blocks === undefined ||
      (later.values.sources?.every((inner) =>
        blocks.some((block) =>
          block.prefixLength <= inner.prefixLength && cidrContains(block, inner.bytes)
        )
      ) ?? false);
  }
  const given = textsOf(earlier, key);
  if (given === undefined) return true;
  const includes = comparisonFor(key);
  return textsOf(later, key)?.every((value) => given.some((wider) => includes(wider, value))) ??
    false;
}

/** Both spellings of the key for ALPN names are one. */
function textsOf(
  { values }: ProtocolDraft,
  key: Exclude<MatchKey, "sources">,
): readonly string[] | undefined {
  return key === "alpn" || key === "alpns" ? alpnOf(values) : values[key];
}

/** Tells whether one value of a key stands for all that another stands for. */
function comparisonFor(
  key: Exclude<MatchKey, "sources">,
): (wider: string, value: string) => boolean {
  switch (key) {
    case "server_names":
    case "hosts":
    case "query_names":
      return includesName;
    case "paths":
      return includesPath;
    case "alpn":
    case "alpns":
    case "public_keys":
    case "patterns":
      return (wider, value) => wider === value;
    default:
      return ignoresCase(subjectOf(key))
        ? (wider, value) => matchesGlob(wider.toLowerCase(), value.toLowerCase())
        : matchesGlob;
  }
}

function includesName(wider: string, name: string): boolean {
  if (wider === name) return true;
  if (wider.startsWith("*.")) {
    const dot = name.indexOf(".");
    return dot > 0 && !name.startsWith("*.") && name.slice(dot) === wider.slice(1);
  }
  // The star of a name stands for a label, which is as good as any.
  return wider.startsWith(".") && `.${name}`.endsWith(wider);
}

function includesPath(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
