/**
 * A process that starts a name server on port 53 of its own network namespace and looks up the names that it is given,
 * as the system is set up. Prints an object: for each name its addresses with their time to live, or why there are none.
 *
 * @module
 */

import { createLookup } from "../../src/control/dns_lookup.ts";
import { type DnsReply, NXDOMAIN, startDnsServer } from "./dns_server.ts";

/** Names with an address. */
const ZONE: Readonly<Record<string, readonly number[]>> = {
  "backend.svc.test": [10, 1, 1, 1],
  "api": [10, 1, 1, 2],
};

const answers: Record<string, readonly string[]> = {};
{
  await using _ = startDnsServer((name, type): DnsReply => {
    const address = ZONE[name];
    if (address === undefined) return { kind: "error", rcode: NXDOMAIN };
    return { kind: "records", ttl: 60, addresses: type === "A" ? [address] : [] };
  }, 53);
  const lookup = createLookup();
  for (const name of Deno.args) {
    const result = await lookup(name, new AbortController().signal);
    answers[name] = result.kind === "found"
      ? result.records.map(({ address, ttl }) => `${address} ${ttl}`)
      : [result.reason];
  }
}
console.log(JSON.stringify(answers));
