/**
 * Finds `tls` and `quic` rules that earlier rules leave nothing or less to.
 *
 * A rule stands for the combinations of its server names (or any name) with its ALPN names (or any). Each combination
 * belongs to the first rule of the file that has it.
 *
 * @module
 */

import type { ProtocolDraft } from "./draft.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { quote } from "./value_error.ts";

/** Combinations that a warning names; the rest is counted. */
const MAX_NAMED = 3;

interface Combination {
  readonly serverName: string | null;
  readonly alpn: string | null;
  /** Where the most telling half of it is written. */
  readonly path: KeyPath;
}

interface Taken extends Combination {
  readonly by: string;
}

/** Reports rules that can never be chosen as errors, and those that lose some of their combinations as warnings. */
export function checkOverlaps(protocols: readonly ProtocolDraft[], findings: Findings): void {
  for (const protocol of ["tls", "quic"] as const) {
    const owners = new Map<string, string>();
    for (const draft of protocols) {
      if (draft.values.protocol !== protocol) continue;
      const all = combinations(draft);
      if (all === null) continue;
      const taken: Taken[] = [];
      for (const combination of all) {
        const id = `${combination.serverName ?? ""}\n${combination.alpn ?? ""}`;
        const by = owners.get(id);
        if (by === undefined) owners.set(id, draft.name);
        else taken.push({ ...combination, by });
      }
      const [first] = taken;
      if (first === undefined) continue;
      if (taken.length === all.length) unreachable(draft, taken, findings);
      else shadowed(draft, first, taken, findings);
    }
  }
}

/** Null where a filter could not be read. */
function combinations({ values, given, path }: ProtocolDraft): readonly Combination[] | null {
  const alpnKey = given.has("alpns") ? "alpns" : "alpn";
  const { server_names: names, [alpnKey]: alpns } = values;
  if (given.has("server_names") && names === undefined) return null;
  if (given.has(alpnKey) && alpns === undefined) return null;
  return (names ?? [null]).flatMap((serverName, nameIndex) =>
    (alpns ?? [null]).map((alpn, alpnIndex) => ({
      serverName,
      alpn,
      path: serverName === null
        ? [...path, alpnKey, alpnIndex]
        : [...path, "server_names", nameIndex],
    }))
  );
}

function unreachable(draft: ProtocolDraft, taken: readonly Taken[], findings: Findings): void {
  const owners = [...new Set(taken.map(({ by }) => quote(by)))].slice(0, MAX_NAMED).join(", ");
  const what = taken.every(({ serverName, alpn }) => serverName === null && alpn === null)
    ? `all other ${draft.values.protocol} traffic`
    : "every server name and ALPN of it";
  findings.error(
    draft.path,
    `Service ${quote(draft.name)} can never be chosen: ${what} goes to ${owners}`,
    { at: "key", hint: "Remove one of them, or give this one other server_names or alpn" },
  );
}

function shadowed(
  draft: ProtocolDraft,
  first: Taken,
  taken: readonly Taken[],
  findings: Findings,
): void {
  const named = taken.slice(0, MAX_NAMED).map(({ serverName, alpn, by }) => {
    const parts = [serverName, alpn === null ? null : `ALPN ${alpn}`];
    return `${parts.filter((part) => part !== null).join(" with ")} goes to ${quote(by)}`;
  });
  const rest = taken.length > MAX_NAMED ? `, and ${taken.length - MAX_NAMED} more` : "";
  findings.warning(
    first.path,
    `Service ${quote(draft.name)} is partly shadowed: ${named.join(", ")}${rest}`,
    { hint: "The rule that stands first in the file wins" },
  );
}
