/**
 * What a look-up says, and how an answer becomes the list of addresses that flows try.
 *
 * @module
 */

import { MAX_ADDRESSES_PER_NAME } from "../model/limits.ts";
import { compareIps, formatIp, parseIp } from "../proto/ip.ts";

/** One address of a name. */
export interface AddressRecord {
  readonly address: string;
  /** Seconds for which it may be kept; null where the source does not tell. */
  readonly ttl: number | null;
}

/** Why a look-up has no address. */
export type LookupFailure =
  /** No such name, a name without addresses, or a name server that failed or refused. */
  | "notFound"
  | "timeout"
  | "notPermitted";

/** What a look-up came to. */
export type LookupResult =
  | {
    readonly kind: "found";
    readonly records: readonly AddressRecord[];
    /** False when the other address family gave no answer in time and may have more. */
    readonly complete: boolean;
  }
  | { readonly kind: "failed"; readonly reason: LookupFailure };

/** Finds the addresses of a name, of both families. May reject; gives up when the signal is aborted. */
export type Lookup = (name: string, signal: AbortSignal) => Promise<LookupResult>;

/**
 * The addresses of an answer in the order in which they are offered: IPv4 and IPv6 in turn, IPv4 first, each family in
 * numeric order, at most `MAX_ADDRESSES_PER_NAME`.
 *
 * In turn, so that a family without a route costs one attempt, not one for each address (RFC 8305 §4). IPv4 first,
 * because the networks behind a proxy have it more surely. In numeric order, because name servers rotate their
 * answers: a client that is hashed to the second address must find the same one after each refresh and on each replica.
 */
export function arrangeAddresses(records: readonly AddressRecord[]): readonly string[] {
  const v4 = new Map<string, Uint8Array>();
  const v6 = new Map<string, Uint8Array>();
  for (const { address } of records) {
    const bytes = parseIp(address);
    if (bytes !== null) (bytes.length === 4 ? v4 : v6).set(formatIp(bytes), bytes);
  }
  const sorted4 = sortByBytes(v4);
  const sorted6 = sortByBytes(v6);
  const arranged: string[] = [];
  for (let index = 0; index < Math.max(sorted4.length, sorted6.length); index++) {
    arranged.push(...sorted4.slice(index, index + 1), ...sorted6.slice(index, index + 1));
  }
  return arranged.slice(0, MAX_ADDRESSES_PER_NAME);
}

/** The shortest time to live of an answer in milliseconds, or null where none is told. */
export function shortestTtl(records: readonly AddressRecord[]): number | null {
  let shortest: number | null = null;
  for (const { ttl } of records) {
    if (ttl !== null && (shortest === null || ttl < shortest)) shortest = ttl;
  }
  return shortest === null ? null : shortest * 1000;
}

function sortByBytes(addresses: ReadonlyMap<string, Uint8Array>): string[] {
  return [...addresses].sort(([, a], [, b]) => compareIps(a, b)).map(([text]) => text);
}
