/**
 * Look-ups by the system's means, as other programs on the same machine make them.
 *
 * First `resolve4` and `resolve6` of `node:dns`, since they tell the time to live (`Deno.resolveDns` does not). They
 * honour `/etc/hosts`, the search domains and `ndots` of `/etc/resolv.conf`. What they do not find is asked of
 * `getaddrinfo`, which also knows the other sources of `/etc/nsswitch.conf` and the single-label names of `/etc/hosts`
 * on systems with search domains, but tells no time to live.
 *
 * Deno 2.9.6 gives one error, `ENOTFOUND`, for a name that does not exist, one without addresses, and a name server that
 * failed (SERVFAIL) or refused: the three cannot be told apart here.
 *
 * Permissions under a narrow `--allow-net`: `resolve4` and `resolve6` need the addresses of all the system's name servers
 * (`--allow-net=192.0.2.53:53`), or else `getaddrinfo` needs the bare name (`--allow-net=backend`: a grant with a port is
 * not enough). To connect needs a grant for the address found in any case, so list addresses or blocks
 * (`--allow-net=10.0.0.0/8`) for targets that are named.
 *
 * @module
 */

import { lookup, Resolver } from "node:dns/promises";
import { DNS_FAMILY_WAIT } from "../model/limits.ts";
import type { AddressRecord, Lookup, LookupFailure, LookupResult } from "./dns_answer.ts";

/**
 * Makes a look-up.
 *
 * With `servers` (`"192.0.2.53"`, `"192.0.2.53:5353"`) these name servers are asked instead of the system's, and
 * `getaddrinfo` is not: for tests. Deno wants `--allow-sys=networkInterfaces` for that.
 */
export function createLookup(servers?: readonly string[]): Lookup {
  return async (name, signal) => {
    const resolver = new Resolver();
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answer = await resolveBothFamilies(resolver, name);
      if (answer.kind === "found" || answer.reason === "timeout") return answer;
      return servers === undefined ? await lookUpByGetaddrinfo(name) : answer;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}

async function resolveBothFamilies(resolver: Resolver, name: string): Promise<LookupResult> {
  const v4 = settle(resolver.resolve4(name, { ttl: true }));
  const v6 = settle(resolver.resolve6(name, { ttl: true }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  if ((await Promise.race([v4, v6])).kind === "found") {
    // One family is enough to go on with: a name server that drops AAAA queries must not cost seconds.
    timer = setTimeout(() => resolver.cancel(), DNS_FAMILY_WAIT);
  }
  const answers = await Promise.all([v4, v6]);
  clearTimeout(timer);

  const records = answers.flatMap((answer) => answer.kind === "found" ? answer.records : []);
  const timedOut = answers.some((answer) =>
    answer.kind === "failed" && answer.reason === "timeout"
  );
  if (records.length > 0) return { kind: "found", records, complete: !timedOut };
  return { kind: "failed", reason: timedOut ? "timeout" : "notFound" };
}

async function lookUpByGetaddrinfo(name: string): Promise<LookupResult> {
  const found = lookup(name, { all: true }).then((addresses) =>
    addresses.map(({ address }) => ({ address, ttl: null }))
  );
  return await settle(found);
}

/** Turns the errors of `node:dns` into values. */
async function settle(query: Promise<readonly AddressRecord[]>): Promise<LookupResult> {
  try {
    const records = await query;
    if (records.length > 0) return { kind: "found", records, complete: true };
    return { kind: "failed", reason: "notFound" };
  } catch (error) {
    return { kind: "failed", reason: failureOf(error) };
  }
}

function failureOf(error: unknown): LookupFailure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ETIMEOUT":
    case "ECANCELLED":
      return "timeout";
    case "EPERM":
      return "notPermitted";
    default:
      return "notFound";
  }
}
