/**
 * `rpxy-l4 ech check`: whether clients find in DNS the keys that the proxy holds.
 *
 * @module
 */

import { loadConfig } from "../../app/config_file.ts";
import { formatTable } from "../../control/config/text_table.ts";
import { type HttpsLookup, lookUpHttpsRecord } from "../../control/https_record/look_up.ts";
import type { HttpsResolver } from "../../control/https_record/resolver.ts";
import type { EchKey } from "../../model/ech.ts";
import { findExact, findPattern } from "../../pipeline/name_lookup.ts";
import { FAILURE, SUCCESS } from "../exit_codes.ts";
import { announce, parseResolver, systemResolver } from "./choose_resolver.ts";
import type { EchCheck } from "./command.ts";
import { compare, type Comparison, type Held } from "./compare.ts";
import {
  clientPorts,
  type EchService,
  echServices,
  keysOf,
  privateNames,
  privatePatterns,
  publicNames,
} from "./held_keys.ts";
import { recordName } from "./https_record.ts";

/** Look-ups at a time. */
const CONCURRENCY = 8;

/**
 * Looks up the HTTPS records of all names and compares them with the keys that a configuration holds.
 *
 * @returns 0 when all names match, 1 when one does not or cannot be looked up
 * @throws {ConfigFileError | FileError | UsageError}
 */
export async function check(
  command: EchCheck & { readonly config: string },
  out: (text: string) => void,
): Promise<number> {
  const { snapshot } = await loadConfig(command.config);
  const services = echServices(snapshot);
  if (services.length === 0) {
    out(`"${command.config}" has no ech table\n`);
    return SUCCESS;
  }
  const { resolver: said, publicOnly } = command;
  const resolver = said === null ? await systemResolver() : parseResolver(said);
  const subjects = subjectsOf(services, clientPorts(snapshot, command.port), publicOnly);
  const tells = subjects.some(({ held }) => held.kind === "private");
  out(`${announce(resolver, tells)}\n`);
  const rows = await lookUpAll(resolver, subjects);
  out(report(rows, services, publicOnly));
  return rows.every(({ comparison }) => comparison.result === "match") ? SUCCESS : FAILURE;
}

/** A record to look up, and what is held for it. */
interface Subject {
  readonly name: string;
  /** Where its record is. */
  readonly owner: string;
  readonly held: Held;
}

interface Row extends Subject {
  readonly lookup: HttpsLookup;
  readonly comparison: Comparison;
}

function subjectsOf(
  services: readonly EchService[],
  ports: readonly number[],
  publicOnly: boolean,
): Subject[] {
  const privates = privateNames(services);
  const publics = publicNames(services).filter((name) => !privates.includes(name));
  const all = [
    ...(publicOnly ? [] : privates.map((name) => ({ name, kind: "private" as const }))),
    ...publics.map((name) => ({ name, kind: "public" as const })),
  ];
  return all.flatMap(({ name, kind }) => {
    const mine = services.filter(({ ech }) =>
      kind === "private"
        ? ech.names.exact.has(name)
        : ech.keys.some(({ publicName }) => publicName === name)
    );
    const held: Held = {
      kind,
      isServedInside: mine.every(({ ech: { names } }) =>
        (findExact(names, name) ?? findPattern(names, name)) !== undefined
      ),
      tls: keysOver("tcp", mine),
      quic: keysOver("udp", mine),
      retiredConfigIds: mine.flatMap(({ ech }) => ech.retiredConfigIds),
      ports,
    };
    return ports.map((port) => ({ name, owner: recordName(name, port), held }));
  });
}

function keysOver(
  transport: "tcp" | "udp",
  services: readonly EchService[],
): readonly EchKey[] | null {
  const some = services.filter((service) => service.transport === transport);
  return some.length > 0 ? keysOf(some) : null;
}

async function lookUpAll(resolver: HttpsResolver, subjects: readonly Subject[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (let start = 0; start < subjects.length; start += CONCURRENCY) {
    rows.push(
      ...await Promise.all(
        subjects.slice(start, start + CONCURRENCY).map(async (subject) => {
          const lookup = await lookUpHttpsRecord(resolver, subject.owner);
          return { ...subject, lookup, comparison: compare(subject.held, lookup) };
        }),
      ),
    );
  }
  return rows;
}

function report(
  rows: readonly Row[],
  services: readonly EchService[],
  publicOnly: boolean,
): string {
  const patterns = publicOnly ? [] : privatePatterns(services);
  const table = formatTable([
    ["RECORD", "NAME IS", "TTL", "ALPN", "CONFIG_ID", "RESULT"],
    ...rows.map(describeRow),
    ...patterns.map((
      name,
    ) => [name, "private", "", "", "", "not looked up: stands for many names"]),
  ]);
  const notes = [
    ...rows.flatMap(notesOf),
    ...(publicOnly ? [] : unpublished(rows, services)),
  ];
  return [
    ...table,
    "",
    ...notes,
    ...(notes.length > 0 ? [""] : []),
    summary(rows),
    "",
  ].join("\n");
}

function summary(rows: readonly Row[]): string {
  const count = (wanted: Comparison["result"]) =>
    rows.filter(({ comparison }) => comparison.result === wanted).length;
  const [wrong, unknown] = [count("mismatch"), count("unknown")];
  if (wrong + unknown === 0) return "All records match";
  const parts = [
    ...(wrong > 0 ? [`${wrong} do not match`] : []),
    ...(unknown > 0 ? [`${unknown} could not be looked up`] : []),
  ];
  return `Of ${rows.length} records ${parts.join(", ")}`;
}

function describeRow({ owner, held, lookup, comparison }: Row): string[] {
  const { result, configIds, alpn } = comparison;
  return [
    owner,
    held.kind,
    lookup.kind === "found" ? `${lookup.ttl}s` : "",
    alpn.join(","),
    configIds.join(","),
    result === "match" && configIds.length === 0 ? "no ech, and none is needed" : RESULTS[result],
  ];
}

const RESULTS: Readonly<Record<Comparison["result"], string>> = {
  match: "match",
  mismatch: "MISMATCH",
  unknown: "UNKNOWN",
};

function notesOf({ owner, lookup, comparison }: Row): string[] {
  const way = lookup.kind === "found" && lookup.aliases.length > 0
    ? [`its record is that of ${lookup.aliases.at(-1)}`]
    : [];
  return [
    ...comparison.problems.map((problem) => `! ${owner}: ${problem}`),
    ...[...comparison.notes, ...way, ...placesOf(lookup)].map((note) => `  ${owner}: ${note}`),
  ];
}

/** Where else the record leads clients. */
function placesOf(lookup: HttpsLookup): string[] {
  if (lookup.kind !== "found") return [];
  return lookup.bindings.flatMap(({ target, ipv4Hints, ipv6Hints }) => {
    const hints = [...ipv4Hints, ...ipv6Hints];
    return [
      ...(target === "" ? [] : [`its target is ${target}`]),
      ...(hints.length === 0 ? [] : [`it hints at ${hints.join(", ")}`]),
    ];
  });
}

/** Keys that no client can have from what was looked up, as far as all could be. */
function unpublished(rows: readonly Row[], services: readonly EchService[]): string[] {
  const seen = new Set(
    rows.flatMap(({ comparison }) => comparison.published.map(({ config }) => config.toHex())),
  );
  return keysOf(services).filter(({ config }) => !seen.has(config.toHex())).map((key) => {
    const named = `key ${key.configId} for ${key.publicName}`;
    return rows.some((row) => row.comparison.result === "unknown" && isFor(row.held, key))
      ? `  ${named}: whether it is in a record is not known`
      : `  ${named} is in no record that was looked up: ` +
        "right for an old key, and for a new one that is yet to be published";
  });
}

function isFor({ tls, quic }: Held, { config }: EchKey): boolean {
  return [...tls ?? [], ...quic ?? []].some((key) => key.config.toHex() === config.toHex());
}
