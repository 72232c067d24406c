/**
 * From a name to the service bindings that clients find for it, over CNAME records and aliases (RFC 9460 §3).
 *
 * @module
 */

import type { HttpsAnswer, HttpsResponse } from "../../proto/dns/https_query.ts";
import type { ServiceBinding } from "../../proto/dns/service_binding.ts";
import { canonicalHostName } from "../../proto/host_name.ts";
import { type HttpsResolver, ResolverError } from "./resolver.ts";

/** Most aliases and CNAME records on the way; clients bound it likewise (RFC 9460 §2.4.2). */
const MAX_STEPS = 8;

/** What DNS has for a name. */
export type HttpsLookup =
  | {
    readonly kind: "found";
    /** In the order in which clients prefer them; never empty. */
    readonly bindings: readonly ServiceBinding[];
    /** Seconds for which a client may keep the answer: the shortest on the way. */
    readonly ttl: number;
    /** False: a cache has answered, and the time to live is what is left of it. */
    readonly isAuthoritative: boolean;
    /** Where the name led, without itself. */
    readonly aliases: readonly string[];
  }
  | { readonly kind: "missing"; readonly reason: "no such name" | "no HTTPS record" }
  /** Clients find nothing that they can use. */
  | { readonly kind: "broken"; readonly reason: string }
  /** It cannot be told what clients find. */
  | { readonly kind: "failed"; readonly reason: string };

/** Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2). */
const RCODES: ReadonlyMap<number, string> = new Map([
  [1, "FORMERR"],
  [2, "SERVFAIL"],
  [4, "NOTIMP"],
  [5, "REFUSED"],
]);
const NXDOMAIN = 3;

/**
 * Looks up the HTTPS record of a name.
 *
 * @param name canonical name of a host, with `_PORT._https.` in front for ports other than 443
 */
export async function lookUpHttpsRecord(
  resolver: HttpsResolver,
  name: string,
): Promise<HttpsLookup> {
  try {
    return await follow(resolver, [name]);
  } catch (error) {
    if (!(error instanceof ResolverError)) throw error;
    return { kind: "failed", reason: error.message };
  }
}

/** @param way the names that were met; the last is the one to ask for */
async function follow(resolver: HttpsResolver, way: string[]): Promise<HttpsLookup> {
  let ttl = Infinity;
  let isAuthoritative = true;
  while (way.length <= MAX_STEPS) {
    const asked = last(way);
    const problem = problemOf(asked, way);
    if (problem !== null) return { kind: "broken", reason: problem };
    const response = await resolver.query(asked);
    const refusal = refusalOf(response, resolver);
    if (refusal !== null) return refusal;
    isAuthoritative &&= response.isAuthoritative;
    const { length } = way;
    ttl = Math.min(ttl, followCnames(response.answers, way));
    const owner = last(way);
    const records = response.answers.filter((answer) =>
      answer.kind === "https" && answer.owner === owner
    );
    ttl = Math.min(ttl, ...records.map((record) => record.ttl));
    const step = nextStep(records);
    switch (step.kind) {
      case "services": {
        const [, ...aliases] = way;
        return { kind: "found", bindings: step.bindings, ttl, isAuthoritative, aliases };
      }
      case "alias":
        way.push(step.target);
        break;
      case "broken":
        return step;
      case "none":
        // Else it goes on: a name server that is no resolver may not say what the last name has.
        if (way.length === length) return { kind: "missing", reason: "no HTTPS record" };
    }
  }
  return { kind: "broken", reason: "too many aliases" };
}

function last(way: readonly string[]): string {
  return way.at(-1) ?? "";
}

/** Why a name cannot be asked for. */
function problemOf(name: string, way: readonly string[]): string | null {
  if (way.indexOf(name) < way.length - 1) return `its aliases go in circles at "${name}"`;
  return canonicalHostName(name) === null ? `its alias "${name}" is no host name` : null;
}

/** What a response comes to that has no answer. */
function refusalOf({ rcode }: HttpsResponse, { label }: HttpsResolver): HttpsLookup | null {
  if (rcode === 0) return null;
  if (rcode === NXDOMAIN) return { kind: "missing", reason: "no such name" };
  const code = RCODES.get(rcode) ?? `response code ${rcode}`;
  return { kind: "failed", reason: `"${label}" answers ${code}` };
}

/** Goes on from the last name of `way` as far as the CNAME records lead; their shortest time to live. */
function followCnames(answers: readonly HttpsAnswer[], way: string[]): number {
  let ttl = Infinity;
  while (way.length <= MAX_STEPS) {
    const owner = last(way);
    const next = answers.find((answer) => answer.kind === "cname" && answer.owner === owner);
    if (next?.kind !== "cname") break;
    way.push(next.target);
    ttl = Math.min(ttl, next.ttl);
  }
  return ttl;
}

type Step =
  | { readonly kind: "services"; readonly bindings: readonly ServiceBinding[] }
  | { readonly kind: "alias"; readonly target: string }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "none" };

function nextStep(records: readonly HttpsAnswer[]): Step {
  const bindings: ServiceBinding[] = [];
  for (const record of records) {
    if (record.kind !== "https") continue;
    if (record.binding === null) {
      return { kind: "broken", reason: "the record is malformed, so clients ignore it" };
    }
    bindings.push(record.binding);
  }
  if (bindings.length === 0) return { kind: "none" };
  // Where there is an alias, services beside it do not count (RFC 9460 §2.4.1).
  const alias = bindings.find(({ priority }) => priority === 0);
  if (alias === undefined) {
    return { kind: "services", bindings: bindings.sort((a, b) => a.priority - b.priority) };
  }
  if (alias.target !== "") return { kind: "alias", target: alias.target };
  return { kind: "broken", reason: "the record says that there is no such service (alias of .)" };
}
