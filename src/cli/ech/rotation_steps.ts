/**
 * What is to be done with the next key, in the order in which no client is turned away (RFC 9849 §7.1, §8.1.1).
 *
 * @module
 */

import { type EchService, keysOf, privateNames, privatePatterns } from "./held_keys.ts";
import type { RecordToPublish } from "./https_record.ts";
import { keySection, pathInConfig, recordSections, section, tomlString } from "./instructions.ts";
import type { KeySources } from "./key_sources.ts";
import type { StoredKey } from "./new_key.ts";
import type { RecordTtl } from "./record_ttl.ts";

/** A new key, and what it is beside. */
export interface Rotation {
  readonly stored: StoredKey;
  /** Path of the configuration. */
  readonly config: string;
  /** The `ech` tables that get the key, by the name of their service. */
  readonly tables: readonly (KeySources & { readonly name: string })[];
  readonly services: readonly EchService[];
  readonly ports: readonly number[];
  readonly ttl: RecordTtl;
  readonly now: Date;
}

/**
 * Seconds that are added to a time to live: some caches keep records longer than they should, and one that was asked may
 * have told what was left of it.
 */
const MARGIN = 86_400;

/** Seconds, where the time to live is not known. */
const ASSUMED_TTL = 86_400;

/** Port whose records have the names themselves. */
const HTTPS_PORT = 443;

/** The steps as text. */
export function rotationSteps(rotation: Rotation): string {
  const { stored, config, tables, services } = rotation;
  const { configId, publicName } = stored.key;
  const path = tomlString(pathInConfig(stored, config));
  const names = tables.map(({ name }) => tomlString(name)).join(", ");
  return [
    section([`Next key of ${names}: config_id ${configId}, public name ${publicName}`], []),
    keySection(stored),
    section(
      ["1. Change the configuration: the new key is offered, those before still open hellos"],
      tables.flatMap((table) => withNewKey(table, path)),
    ),
    section([
      "2. When every proxy has it (event=reloaded in the log), put the new record in the place of",
      "   the old one",
    ], []),
    recordSections(recordsOf(rotation)) + wildcardNote(rotation),
    section(waiting(rotation), []),
    section(
      ["4. Change the configuration: the old keys are gone; who still comes with one is known"],
      tables.flatMap((table) => withoutOldKeys(table, path, services)),
    ),
    section(["   Then remove the old key files"], []),
  ].join("\n");
}

function withNewKey({ name, files, hasList }: Rotation["tables"][number], path: string): string[] {
  const old = files.map((file) => `{ path = ${tomlString(file)}, retry = false }`);
  return [
    `[protocols.${tomlString(name)}.ech]`,
    `key_files = [${[path, ...old].join(", ")}]`,
    ...(hasList ? ["retry = false # ech_config_list and private_keys stay for now"] : []),
  ];
}

function withoutOldKeys(
  { name, hasList }: Rotation["tables"][number],
  path: string,
  services: readonly EchService[],
): string[] {
  const own = services.filter((service) => service.name === name);
  const ids = new Set([
    ...own.flatMap(({ ech }) => ech.retiredConfigIds),
    ...keysOf(own).map(({ configId }) => configId),
  ]);
  const sorted = [...ids].sort((a, b) => a - b);
  return [
    `[protocols.${tomlString(name)}.ech]`,
    `key_files = [${path}]`,
    `retired_config_ids = [${sorted.join(", ")}]`,
    ...(hasList ? ["# without ech_config_list, private_keys and retry"] : []),
  ];
}

function waiting({ ttl, now }: Rotation): string[] {
  const seconds = (ttl.seconds ?? ASSUMED_TTL) + MARGIN;
  const date = new Date(now.getTime() + seconds * 1000);
  const shown = `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const known = ttl.seconds === null
    ? `The record's time to live is not known (${ttl.from}), so ${inWords(ASSUMED_TTL)} is assumed;`
    : `The record's time to live is ${inWords(ttl.seconds)} (${ttl.from});`;
  return [
    `3. Wait ${inWords(seconds)} from then on: until ${shown}, if the record is changed now`,
    `   ${known}`,
    `   ${inWords(MARGIN)} is for caches that keep it longer`,
    `   Meanwhile "rpxy-l4 ech check" tells whether DNS has the new record`,
  ];
}

/** Such as `1 day 5 min`. */
function inWords(seconds: number): string {
  const words: string[] = [];
  let left = seconds;
  for (const [unit, length] of [["day", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const) {
    const count = Math.floor(left / length);
    left %= length;
    if (count > 0) words.push(`${count} ${unit === "day" && count > 1 ? "days" : unit}`);
  }
  return words.join(" ") || "0 s";
}

/** Of each private name and port, and of names that stand for many where a wildcard of DNS can say it. */
function recordsOf({ stored, services, ports }: Rotation): RecordToPublish[] {
  const over = (transport: string) => services.some((service) => service.transport === transport);
  const alpn = [...(over("tcp") ? ["h2"] : []), ...(over("udp") ? ["h3"] : [])];
  const { names, wildcards } = privateOwners(services);
  return ports.flatMap((port) =>
    [...names, ...(port === HTTPS_PORT ? wildcards : [])].map((name) => ({
      name,
      port,
      alpn,
      configList: stored.key.configList,
    }))
  );
}

/** Says which names have no record above: an asterisk with labels in front is no wildcard (RFC 4592 §2.1.1). */
function wildcardNote({ services, ports }: Rotation): string {
  const { wildcards } = privateOwners(services);
  const others = ports.filter((port) => port !== HTTPS_PORT);
  if (wildcards.length === 0 || others.length === 0) return "";
  const where = `${wildcards.join(", ")} on port ${others.join(", ")}`;
  return "\n" + section([
    `No record above is for ${where}: DNS has no wildcard with labels in front.`,
    "Publish one for each such name that is in use",
  ], []);
}

function privateOwners(services: readonly EchService[]) {
  const patterns = privatePatterns(services);
  const suffixes = patterns.filter((pattern) => pattern.startsWith("."));
  return {
    /** Names that stand for themselves. */
    names: [...privateNames(services), ...suffixes.map((suffix) => suffix.slice(1))],
    /** Names that stand for many, as DNS writes them. */
    wildcards: patterns.map((pattern) => pattern.replace(/^\./, "*.")),
  };
}
