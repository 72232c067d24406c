/**
 * Finds rules with conditions that nothing is left to, because an earlier one asks for no more than they do.
 *
 * A file may have thousands of rules, and millions of pairs. Whatever covers a rule covers the first value that it has under
 * each key, and begins with a part of that value (from its end, for names of hosts): so rules are filed by how their values
 * begin, and a rule is compared with those alone that are found by the beginnings of its own.
 *
 * @module
 */

import type { Cidr } from "../../model/address.ts";
import { cidrContains } from "../../proto/cidr.ts";
import { matchesGlob } from "../../proto/glob.ts";
import type { ProtocolDraft } from "./draft.ts";
import type { Findings } from "./findings.ts";
import { MATCH_KEYS, type MatchKey, subjectOf } from "./match_keys.ts";
import { alpnOf, ignoresCase, servedTransports } from "./routes.ts";
import { quote } from "./value_error.ts";

/** Reports rules that can never be chosen. */
export function checkCoveredRules(drafts: readonly ProtocolDraft[], findings: Findings): void {
  const earlierRules = new RuleFiles(drafts);
  for (const draft of drafts) {
    const earlier = earlierRules.findCovering(draft);
    earlierRules.add(draft);
    if (earlier === null) continue;
    const isSame = MATCH_KEYS.every((key) => coversKey(draft, earlier, key));
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

/** Rules by the beginnings of their values. */
class RuleFiles {
  /** How many values of all rules begin in the same way. */
  readonly #counts = new Map<string, number>();
  readonly #files = new Map<string, File>();
  #added = 0;

  /** @param drafts all that will be added */
  constructor(drafts: readonly ProtocolDraft[]) {
    for (const { file, beginnings } of drafts.flatMap(asksOf)) {
      for (const beginning of beginnings) {
        const id = `${file} ${beginning}`;
        this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
      }
    }
  }

  /** Files a rule under the one of its keys that it shares with the fewest: whatever it covers is found by any of them. */
  add(draft: ProtocolDraft): void {
    const entry = { draft, order: this.#added++ };
    const [rarest] = asksOf(draft).map((ask) => ({ ask, others: this.#countSharing(ask) }))
      .sort((a, b) => a.others - b.others);
    if (rarest === undefined) return;
    const { ask: { file: name, beginnings } } = rarest;
    const file = this.#files.get(name) ?? { byBeginning: new Map(), lengths: new Set() };
    this.#files.set(name, file);
    for (const beginning of beginnings) {
      const entries = file.byBeginning.get(beginning);
      if (entries === undefined) file.byBeginning.set(beginning, [entry]);
      else entries.push(entry);
      file.lengths.add(beginning.length);
    }
  }

  /** The first rule that was added of those that leave nothing to another. */
  findCovering(draft: ProtocolDraft): ProtocolDraft | null {
    let first: Entry | null = null;
    for (const { file: name, beginnings: [beginning = ""] } of asksOf(draft)) {
      const file = this.#files.get(name);
      for (const length of file?.lengths ?? []) {
        if (length > beginning.length) continue;
        const found = file?.byBeginning.get(beginning.slice(0, length))
          ?.find((entry) => covers(entry.draft, draft));
        if (found !== undefined && (first === null || found.order < first.order)) first = found;
      }
    }
    return first === null ? null : first.draft;
  }

  #countSharing({ file, beginnings }: Ask): number {
    return beginnings.reduce((sum, one) => sum + (this.#counts.get(`${file} ${one}`) ?? 0), 0);
  }
}

interface Entry {
  readonly draft: ProtocolDraft;
  /** Position among the rules. */
  readonly order: number;
}

/** The rules of a protocol that are filed under one key. */
interface File {
  readonly byBeginning: Map<string, Entry[]>;
  /** Of the beginnings. */
  readonly lengths: Set<number>;
}

/** What a rule asks for under one key. */
interface Ask {
  /** Names the protocol and the key. */
  readonly file: string;
  /** One for each value. */
  readonly beginnings: readonly string[];
}

function asksOf(draft: ProtocolDraft): Ask[] {
  return MATCH_KEYS.flatMap((key) => {
    const beginnings = key === "sources"
      ? draft.values.sources?.map(beginningOfBlock)
      : textsOf(draft, key)?.map(beginningFor(key));
    const file = `${draft.values.protocol} ${key}`;
    return beginnings === undefined ? [] : [{ file, beginnings }];
  });
}

/** How all begins that a value of a key stands for. */
function beginningFor(key: Exclude<MatchKey, "sources">): (value: string) => string {
  switch (key) {
    case "server_names":
    case "hosts":
    case "query_names":
      return beginningOfName;
    case "paths":
      return (path) => path.replace(/\/$/, "");
    case "alpn":
    case "alpns":
    case "public_keys":
    case "patterns":
      return (value) => value;
    default:
      return ignoresCase(subjectOf(key))
        ? (pattern) => beginningOfGlob(pattern.toLowerCase())
        : beginningOfGlob;
  }
}

/** From the end of the name, whose last labels a pattern has. */
function beginningOfName(name: string): string {
  const labels = name.replace(/^\*?\./, "").split(".");
  return labels.reverse().map((label) => `${label}.`).join("");
}

function beginningOfGlob(pattern: string): string {
  const star = pattern.indexOf("*");
  return star < 0 ? pattern : pattern.slice(0, star);
}

/** The bits that all addresses of a block share. */
function beginningOfBlock({ bytes, prefixLength }: Cidr): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.slice(0, prefixLength);
}

/** Whether one rule leaves nothing to a later one. */
function covers(earlier: ProtocolDraft, later: ProtocolDraft): boolean {
  const served = servedTransports(earlier.values);
  return servedTransports(later.values).every((transport) => served.includes(transport)) &&
    MATCH_KEYS.every((key) => coversKey(earlier, later, key));
}

/** Whether all flows that have what a rule asks for under a key have what an earlier rule asks for. */
function coversKey(earlier: ProtocolDraft, later: ProtocolDraft, key: MatchKey): boolean {
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
