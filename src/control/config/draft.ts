/**
 * From a parsed TOML table to typed values: each key is read by itself, so that a mistake in one hides none in another.
 *
 * @module
 */

import type { z } from "zod";
import { ECH_INNER_KEY_NAMES, ECH_KEY_NAMES, ECH_KEYS } from "./ech/schema.ts";
import type { Findings } from "./findings.ts";
import type { KeyPath } from "./key_path.ts";
import { nearest } from "./nearest.ts";
import type { PositionIndex } from "./positions.ts";
import { QUIC_LB_KEY_NAMES } from "./quic_lb.ts";
import { PROTOCOL_KEYS, TOP_LEVEL_KEYS } from "./schema.ts";
import { quote } from "./value_error.ts";
import { kindOf } from "./value_schema.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** Values of a table by key; what could not be read is left out. */
type Values<S extends Shape> = { readonly [K in keyof S]?: z.output<S[K]> };

/** A table that was read as far as it can be. */
export interface TableDraft<S extends Shape> {
  readonly values: Values<S>;
  /** Keys that the file gives, readable or not. */
  readonly given: ReadonlySet<string>;
}

/** Keys of a `[protocols.NAME]` table but for `ech`, a table that is read key by key as well. */
const { ech: _, ...SERVICE_KEYS } = PROTOCOL_KEYS;

/** A `[protocols.NAME]` table. */
export interface ProtocolDraft extends TableDraft<typeof SERVICE_KEYS> {
  readonly name: string;
  readonly path: KeyPath;
  /** Its `ech` table; null where there is none that can be read. */
  readonly ech: EchDraft | null;
}

/** An `ech` table. */
export type EchDraft = TableDraft<typeof ECH_KEYS>;

/** A configuration file that was read as far as it can be. */
export interface Draft {
  readonly top: TableDraft<typeof TOP_LEVEL_KEYS>;
  /** In the order of the file. */
  readonly protocols: readonly ProtocolDraft[];
  /** Whether the file tries to have services, even if none can be read. */
  readonly wantsServices: boolean;
}

type TomlTable = Readonly<Record<string, unknown>>;

/** Both spellings of the table of services. */
const PROTOCOL_TABLES = ["protocols", "protocol"] as const;

const TOP_LEVEL_NAMES = [...Object.keys(TOP_LEVEL_KEYS), "protocols"];
const PROTOCOL_NAMES = Object.keys(PROTOCOL_KEYS);

/** Reads a whole file; `positions` is asked for only where the order of entries cannot be told otherwise. */
export function readDraft(
  file: TomlTable,
  findings: Findings,
  positions: () => PositionIndex,
): Draft {
  const top = readTable(TOP_LEVEL_KEYS, file, [], findings, PROTOCOL_TABLES);
  const protocols = new Map<string, ProtocolDraft>();
  let wantsServices = false;
  for (const key of PROTOCOL_TABLES) {
    const table = file[key];
    if (isTable(table)) readProtocols(table, key, protocols, findings);
    else if (table !== undefined) notNamed([key], table, findings);
    wantsServices ||= table !== undefined && !(isTable(table) && Object.keys(table).length === 0);
  }
  return { top, protocols: inFileOrder([...protocols.values()], positions), wantsServices };
}

function readProtocols(
  table: TomlTable,
  key: string,
  protocols: Map<string, ProtocolDraft>,
  findings: Findings,
): void {
  for (const [name, entry] of Object.entries(table)) {
    const path = [key, name];
    if (!isTable(entry)) {
      notNamed(path, entry, findings);
      continue;
    }
    // deno-lint-ignore no-control-regex -- names go to logs and terminals
    if (name === "" || /[\x00-\x1f\x7f-\x9f]/.test(name)) {
      findings.error(path, `${quote(name)} cannot be the name of a service`, { at: "key" });
    }
    if (protocols.has(name)) {
      findings.error(path, `Service ${quote(name)} is there twice`, {
        at: "key",
        hint: "[protocol.NAME] and [protocols.NAME] are the same",
      });
    }
    const service = readTable(SERVICE_KEYS, entry, path, findings, ["ech"]);
    protocols.set(name, { name, path, ...service, ech: readEch(entry["ech"], path, findings) });
  }
}

function readEch(table: unknown, parent: KeyPath, findings: Findings): EchDraft | null {
  if (table === undefined) return null;
  const path = [...parent, "ech"];
  if (isTable(table)) return readTable(ECH_KEYS, table, path, findings);
  findings.error(path, `"ech" must be a table, not ${kindOf(table)}`);
  return null;
}

function notNamed(path: KeyPath, value: unknown, findings: Findings): void {
  const key = String(path.at(-1));
  const hint = path.length === 1 || PROTOCOL_NAMES.includes(key)
    ? "Give each service a table of its own with a name, as in [protocols.web]"
    : wrongLevelHint(key, PROTOCOL_NAMES);
  const kind = Array.isArray(value) ? "an array" : "a single value";
  findings.error(path, `${quote(key)} must be a table, not ${kind}`, { at: "key", hint });
}

/**
 * JavaScript puts keys such as `1` before all others whatever the file says, and the two spellings of the table are
 * read one after the other. Ties among services are settled by the file, so then the places in the text decide.
 */
function inFileOrder(
  protocols: readonly ProtocolDraft[],
  positions: () => PositionIndex,
): readonly ProtocolDraft[] {
  const tables = new Set(protocols.map(({ path }) => path[0]));
  const inOrder = tables.size < 2 && !protocols.some(({ name }) => /^[0-9]+$/.test(name));
  if (inOrder || protocols.length < 2) return protocols;
  const index = positions();
  const placed = protocols.map((protocol) => ({ protocol, at: index.key(protocol.path) }));
  placed.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  return placed.map(({ protocol }) => protocol);
}

function readTable<S extends Shape>(
  shape: S,
  table: TomlTable,
  path: KeyPath,
  findings: Findings,
  readElsewhere: readonly string[] = [],
): TableDraft<S> {
  for (const key of Object.keys(table)) {
    if (!Object.hasOwn(shape, key) && !readElsewhere.includes(key)) {
      unknownKey([...path, key], [...Object.keys(shape), ...readElsewhere], findings);
    }
  }
  const values: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const result = schema.safeParse(table[key]);
    if (result.success) values[key] = result.data;
    else for (const issue of result.error.issues) reportIssue(issue, [...path, key], findings);
  }
  return { values: values as Values<S>, given: new Set(Object.keys(table)) };
}

function reportIssue(issue: z.core.$ZodIssue, parent: KeyPath, findings: Findings): void {
  const path = [...parent, ...issue.path.filter((step) => typeof step !== "symbol")];
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) unknownKey([...path, key], keysOfTable(path), findings);
      return;
    case "invalid_union": {
      // The alternative that the value was meant for is the one whose type it has.
      const meant = issue.errors.find((errors) => !errors.some(isWrongType));
      if (meant === undefined) break;
      for (const inner of meant) reportIssue(inner, path, findings);
      return;
    }
    case "custom":
      findings.error(path, issue.message, { hint: issue.params?.["hint"] ?? null });
      return;
  }
  const key = String(path.findLast((step) => typeof step === "string"));
  const element = typeof path.at(-1) === "number" ? "Each element of " : "";
  findings.error(path, `${element}"${key}" ${issue.message}`);
}

/** The keys of a table in an array of them. */
function keysOfTable(path: KeyPath): readonly string[] {
  const key = String(path.findLast((step) => typeof step === "string"));
  return ECH_INNER_KEY_NAMES.get(key) ?? QUIC_LB_KEY_NAMES;
}

function isWrongType(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_type") return true;
  return issue.code === "invalid_union" && issue.errors.every((errors) => errors.some(isWrongType));
}

/** What other proxies call keys of a service. */
const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map([
  ["sni", "server_names"],
  ["sni_hostnames", "server_names"],
  ["alpn_protocols", "alpn"],
  ["regex", "patterns"],
  ["regex_patterns", "patterns"],
  ["remote_ip", "sources"],
  ["backend", "target"],
  ["proxy_pass", "target"],
  ["upstream", "target"],
]);

function unknownKey(path: KeyPath, known: readonly string[], findings: Findings): void {
  const key = String(path.at(-1));
  // Somebody may take an inner name for a key, and no message may have that.
  const isHidden = path.includes("ech") && !/^\w*$/.test(key);
  findings.error(
    isHidden ? path.slice(0, -1) : path,
    isHidden ? "Unknown key" : `Unknown key ${quote(key)}`,
    {
      at: "key",
      hint: wrongLevelHint(key, known),
    },
  );
}

function wrongLevelHint(key: string, known: readonly string[]): string | null {
  if (known !== PROTOCOL_NAMES && PROTOCOL_NAMES.includes(key)) {
    return `"${key}" belongs into a [protocols.NAME] table`;
  }
  if (TOP_LEVEL_NAMES.includes(key)) {
    return `"${key}" belongs to the top: TOML counts every key below a [table] header to that table`;
  }
  if (known !== QUIC_LB_KEY_NAMES && QUIC_LB_KEY_NAMES.includes(key)) {
    return `"${key}" belongs into a [[protocols.NAME.quic_lb]] table`;
  }
  if (ECH_KEY_NAMES.includes(key)) return `"${key}" belongs into a [protocols.NAME.ech] table`;
  const meant = FOREIGN_NAMES.get(key);
  const near = meant !== undefined && known.includes(meant) ? meant : nearest(key, known);
  return near === null ? null : `Did you mean "${near}"?`;
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}
