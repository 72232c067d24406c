/**
 * From services with what they are chosen by to tables that flows are routed with.
 *
 * @module
 */

import type { FieldNeeds, MatchField, Protocol, Transport } from "../../model/protocol.ts";
import { SERVER_NAME_PROTOCOLS } from "../../model/protocol.ts";
import type {
  Condition,
  ConditionalRule,
  NameMap,
  NameTable,
  RouteTable,
  Service,
  TextField,
} from "../../model/snapshot.ts";
import { specsOf, transportsOf } from "../../proto/registry.ts";
import type { ProtocolDraft } from "./draft.ts";
import { MATCH_KEYS, type MatchKey, type MatchSubject, subjectOf } from "./match_keys.ts";

/** What a service is chosen by. */
export type MatchValues = Pick<ProtocolDraft["values"], MatchKey>;

/** A service with what it is chosen by. */
export interface Rule {
  readonly service: Service;
  readonly values: MatchValues;
}

/** Keys that are looked up in tables; rules with any other are tried one by one. */
const LOOKED_UP: readonly MatchKey[] = ["server_names", "alpn", "alpns", "hosts", "query_names"];

/** Fields whose letter case means nothing. */
const CASE_IGNORED: ReadonlySet<MatchSubject> = new Set(["clientSoftware", "cookie", "version"]);

/** All routes of one transport. */
export function buildRoutes(
  transport: Transport,
  rules: readonly Rule[],
  fallback: Service | null,
  logJa4: boolean,
): RouteTable {
  const own = Map.groupBy(
    rules.filter(({ service }) => service.transport === transport),
    ({ service }) => service.protocol,
  );
  const conditional = new Map<Protocol, readonly ConditionalRule[]>();
  const byName = new Map<Protocol, NameTable>();
  const byProtocol = new Map<Protocol, Service>();
  const needs = new Map<Protocol, FieldNeeds>();
  const sought: Protocol[] = [];
  for (const [protocol, all] of own) {
    if (protocol === null) continue;
    sought.push(protocol);
    const [tried, looked] = [all.filter(isConditional), all.filter((rule) => !isConditional(rule))];
    if (tried.length > 0) conditional.set(protocol, Object.freeze(tried.map(buildConditional)));
    const [first] = looked;
    if (looked.some(({ values }) => LOOKED_UP.some((key) => values[key] !== undefined))) {
      byName.set(protocol, buildNames(looked));
    } else if (first !== undefined && SERVER_NAME_PROTOCOLS.has(protocol)) {
      byName.set(protocol, buildNames(looked));
    } else if (first !== undefined) {
      byProtocol.set(protocol, first.service);
    }
    const wanted = buildNeeds(protocol, all, logJa4);
    if (wanted !== null) needs.set(protocol, wanted);
  }
  return Object.freeze({
    fallback,
    conditional,
    byName,
    byProtocol,
    sought: Object.freeze(sought),
    needs,
  });
}

/** The transports that a service serves: those of its protocol, or the one that its entry names. */
export function servedTransports(
  { protocol, transport }: Pick<ProtocolDraft["values"], "protocol" | "transport">,
): readonly Transport[] {
  if (protocol === undefined) return [];
  return transportsOf(protocol).filter((one) => transport === undefined || transport === one);
}

/** Whether a rule asks for more than a name and ALPN. */
export function isConditional({ values }: { readonly values: MatchValues }): boolean {
  return MATCH_KEYS.some((key) => values[key] !== undefined && !LOOKED_UP.includes(key));
}

/** The names that a rule is chosen by, of whatever kind. */
export function namesOf(values: MatchValues): readonly string[] | undefined {
  return values.server_names ?? values.hosts ?? values.query_names;
}

/** The ALPN names, under either spelling of the key. */
export function alpnOf(values: MatchValues): readonly string[] | undefined {
  return values.alpn ?? values.alpns;
}

/** Whether letter case means nothing in what a flow is chosen by. */
export function ignoresCase(subject: MatchSubject): boolean {
  return CASE_IGNORED.has(subject);
}

/** What must be read of flows for the rules of a protocol; null where it is no more than is always read. */
function buildNeeds(
  protocol: Protocol,
  rules: readonly Rule[],
  logJa4: boolean,
): FieldNeeds | null {
  const available = new Set(specsOf(protocol).flatMap(({ fields }) => fields));
  const subjects = rules.flatMap(({ values }) =>
    MATCH_KEYS.filter((key) => values[key] !== undefined).map(subjectOf)
  );
  if (logJa4) subjects.push("ja4");
  const fields = new Set(
    subjects.filter((subject): subject is MatchField => available.has(subject as MatchField)),
  );
  if (fields.size === 0) return null;
  const values = rules.flatMap(({ values }) => [
    ...values.public_keys ?? [],
    ...values.patterns ?? [],
  ]);
  return Object.freeze({ fields, values: Object.freeze([...new Set(values)]) });
}

function buildConditional({ service, values }: Rule): ConditionalRule {
  const conditions: Condition[] = [];
  const text = (field: TextField, patterns: readonly string[] | undefined) => {
    if (patterns === undefined) return;
    const ignoreCase = ignoresCase(field);
    const compared = ignoreCase ? patterns.map((pattern) => pattern.toLowerCase()) : [...patterns];
    conditions.push({ kind: "text", field, patterns: Object.freeze(compared), ignoreCase });
  };
  const tried = (field: "publicKey" | "pattern", given: readonly string[] | undefined) => {
    if (given !== undefined) conditions.push({ kind: "values", field, values: new Set(given) });
  };
  const [names, alpn] = [namesOf(values), alpnOf(values)];
  if (names !== undefined) {
    conditions.push({ kind: "names", names: mapNames(names.map((name) => [name, true])) });
  }
  if (alpn !== undefined) conditions.push({ kind: "alpn", names: new Set(alpn) });
  tried("publicKey", values.public_keys);
  tried("pattern", values.patterns);
  text("version", values.versions);
  text("clientSoftware", values.client_software);
  text("cookie", values.cookies);
  text("routingToken", values.routing_tokens);
  text("user", values.users);
  text("database", values.databases);
  text("ja4", values.ja4);
  if (values.paths !== undefined) {
    conditions.push({ kind: "paths", prefixes: Object.freeze([...values.paths]) });
  }
  if (values.sources !== undefined) {
    const blocks = values.sources.map((block) => Object.freeze(block));
    conditions.push({ kind: "sources", blocks: Object.freeze(blocks) });
  }
  return Object.freeze({
    service,
    conditions: Object.freeze(conditions.map((condition) => Object.freeze(condition))),
  });
}

/** Names and patterns with what belongs to each; of a name that comes twice, the last. */
export function mapNames<Value>(entries: Iterable<readonly [string, Value]>): NameMap<Value> {
  const map = emptyNames<Value>();
  for (const [name, value] of entries) {
    const { table, key } = placeOf(map, name);
    table.set(key, value);
  }
  return Object.freeze(map);
}

/** An {@linkcode AlpnTable} while it is filled. */
interface GrowingAlpnTable {
  readonly byAlpn: Map<string, Service>;
  bare: Service | null;
}

function buildNames(rules: readonly Rule[]): NameTable {
  const names = emptyNames<GrowingAlpnTable>();
  const any: GrowingAlpnTable = { byAlpn: new Map(), bare: null };
  for (const { service, values } of rules) {
    for (const name of namesOf(values) ?? [null]) {
      addTo(name === null ? any : tableFor(names, name), alpnOf(values), service);
    }
  }
  const { exact, wildcard, suffix } = names;
  for (const table of [any, ...exact.values(), ...wildcard.values(), ...suffix.values()]) {
    Object.freeze(table);
  }
  return Object.freeze({ ...names, any });
}

/** What an earlier rule has taken stays with it. */
function addTo(
  table: GrowingAlpnTable,
  alpns: readonly string[] | undefined,
  service: Service,
): void {
  if (alpns === undefined) {
    table.bare ??= service;
    return;
  }
  for (const alpn of alpns) {
    if (!table.byAlpn.has(alpn)) table.byAlpn.set(alpn, service);
  }
}

function tableFor(names: GrowingNames<GrowingAlpnTable>, name: string): GrowingAlpnTable {
  const { table, key } = placeOf(names, name);
  const present = table.get(key);
  if (present !== undefined) return present;
  const made: GrowingAlpnTable = { byAlpn: new Map(), bare: null };
  table.set(key, made);
  return made;
}

/** A {@linkcode NameMap} while it is filled. */
interface GrowingNames<Value> {
  readonly exact: Map<string, Value>;
  readonly wildcard: Map<string, Value>;
  readonly suffix: Map<string, Value>;
}

function emptyNames<Value>(): GrowingNames<Value> {
  return { exact: new Map(), wildcard: new Map(), suffix: new Map() };
}

/** The table that a name or pattern belongs into, and its key there. */
function placeOf<Value>(
  { exact, wildcard, suffix }: GrowingNames<Value>,
  name: string,
): { readonly table: Map<string, Value>; readonly key: string } {
  if (name.startsWith("*.")) return { table: wildcard, key: name.slice(2) };
  if (name.startsWith(".")) return { table: suffix, key: name.slice(1) };
  return { table: exact, key: name };
}
