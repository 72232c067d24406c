/**
 * Whether what DNS says of a name is what the proxy has keys for.
 *
 * @module
 */

import type { HttpsLookup } from "../../control/https_record/look_up.ts";
import { escapeInvisible } from "../../control/config/value_error.ts";
import type { EchKey } from "../../model/ech.ts";
import type { ServiceBinding } from "../../proto/dns/service_binding.ts";
import {
  type EchConfig,
  hasMandatoryExtension,
  isPublicName,
  parseEchConfigList,
} from "../../proto/ech/config.ts";
import { kemById } from "../../proto/hpke/suites.ts";

/** What the proxy has for a name. */
export interface Held {
  /** `private`: clients must not send it in the clear; `public`: it may have no record at all. */
  readonly kind: "private" | "public";
  /** Whether it is served as an inner name, as every `private` one is: what a record with a key makes of it. */
  readonly isServedInside: boolean;
  /** Keys of the services that take it over TCP; null where none does. */
  readonly tls: readonly EchKey[] | null;
  /** Likewise over QUIC. */
  readonly quic: readonly EchKey[] | null;
  readonly retiredConfigIds: readonly number[];
  /** That clients can come to. */
  readonly ports: readonly number[];
}

/** What comes of it. */
export interface Comparison {
  /** `unknown`: DNS could not be asked. */
  readonly result: "match" | "mismatch" | "unknown";
  /** What is wrong; empty with `match`. */
  readonly problems: readonly string[];
  /** What is odd, but turns no client away. */
  readonly notes: readonly string[];
  /** What the records have, for people. */
  readonly configIds: readonly number[];
  readonly alpn: readonly string[];
  /** Keys that are published for this name. */
  readonly published: readonly EchKey[];
}

/** Compares. */
export function compare(held: Held, lookup: HttpsLookup): Comparison {
  switch (lookup.kind) {
    case "failed":
      return { ...NOTHING, result: "unknown", problems: [lookup.reason] };
    case "broken":
      return {
        ...NOTHING,
        result: "mismatch",
        problems: [`${lookup.reason}: ${inTheClear(held)}`],
      };
    case "missing":
      return held.kind === "public"
        ? NOTHING
        : { ...NOTHING, result: "mismatch", problems: [`${lookup.reason}: ${inTheClear(held)}`] };
    case "found":
      return compareBindings(held, lookup.bindings);
  }
}

const NOTHING: Comparison = {
  result: "match",
  problems: [],
  notes: [],
  configIds: [],
  alpn: [],
  published: [],
};

const NOT_SERVED_INSIDE = "clients ask for this name by ECH, and get unrecognized_name: " +
  "list it in private, too, or take ech out of its record";

function inTheClear({ kind }: Held): string {
  return kind === "private" ? "clients send this name in the clear" : "clients pass it over";
}

function compareBindings(held: Held, bindings: readonly ServiceBinding[]): Comparison {
  const problems: string[] = [];
  const published = new Set<EchKey>();
  const configIds: number[] = [];
  for (const binding of bindings) {
    if (binding.ech === null) {
      if (held.kind === "private") problems.push(`no ech in the record: ${inTheClear(held)}`);
      continue;
    }
    const configs = usableConfigs(binding.ech);
    if (configs === null) problems.push(`ech in the record is broken: ${inTheClear(held)}`);
    else if (configs.length === 0) problems.push(`no client can use its ech: ${inTheClear(held)}`);
    for (const config of configs ?? []) {
      configIds.push(config.configId);
      for (const keys of keysAsked(held, binding)) {
        const key = keys.find((key) => isSame(key.config, config.raw));
        if (key === undefined) problems.push(strangerProblem(config, keys, held));
        else published.add(key);
        if (key !== undefined && !held.isServedInside) problems.push(NOT_SERVED_INSIDE);
      }
    }
  }
  return {
    result: problems.length > 0 ? "mismatch" : "match",
    problems: [...new Set(problems)],
    notes: bindings.flatMap((binding) => notesOn(held, binding)),
    configIds: [...new Set(configIds)],
    alpn: [...new Set(bindings.flatMap(({ alpn }) => alpn.map(escapeInvisible)))],
    published: [...published],
  };
}

/** Configurations that a client may use; null for a broken list. */
function usableConfigs(list: Uint8Array): EchConfig[] | null {
  const verdict = parseEchConfigList(list);
  if (verdict.kind !== "match") return null;
  return verdict.value.filter((config): config is EchConfig =>
    config.kind === "config" && isPublicName(config.publicName) &&
    !hasMandatoryExtension(config) && kemById(config.kem) !== null
  );
}

/** The keys of each service that a client may come to with this binding. */
function keysAsked({ tls, quic }: Held, binding: ServiceBinding): (readonly EchKey[])[] {
  const overTcp = !(binding.noDefaultAlpn && binding.alpn.every(isOfQuic));
  const asked = [overTcp ? tls : null, offersQuic(binding) ? quic : null];
  const some = asked.filter((keys) => keys !== null);
  return some.length > 0 ? some : [tls ?? quic ?? []];
}

function strangerProblem({ configId, publicName, publicKey }: EchConfig, keys: readonly EchKey[], {
  retiredConfigIds,
}: Held): string {
  const named = `key ${configId} for ${escapeInvisible(publicName)}`;
  const similar = keys.find((key) => isSame(key.publicKey, publicKey));
  if (similar !== undefined) {
    const difference = similar.publicName === publicName.toLowerCase()
      ? "in other words than the configuration that is held"
      : `whose configuration is held with public name ${similar.publicName}`;
    return `${named}, ${difference}: clients would be rejected`;
  }
  return retiredConfigIds.includes(configId)
    ? `${named} is retired: clients would be rejected`
    : `${named} is not held: clients would be rejected`;
}

function notesOn({ kind, tls, quic, ports }: Held, binding: ServiceBinding): string[] {
  const { port } = binding;
  if (kind === "public") return [];
  return [
    ...(port === null || ports.includes(port)
      ? []
      : [`the record sends clients to port ${port}, which is not listened on`]),
    ...(offersQuic(binding) && quic === null
      ? ["alpn offers h3, and no service for quic has this name: clients lose time with it"]
      : []),
    ...(!offersQuic(binding) && quic !== null && tls !== null
      ? ["a service for quic has this name, and alpn does not offer h3"]
      : []),
    ...(!offersQuic(binding) && tls === null
      ? ["only a service for quic has this name, and alpn does not offer h3"]
      : []),
  ];
}

function offersQuic({ alpn }: ServiceBinding): boolean {
  return alpn.some(isOfQuic);
}

/** HTTP/3 and DNS over QUIC. */
function isOfQuic(name: string): boolean {
  return /^h3(-|$)|^doq$/.test(name);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
