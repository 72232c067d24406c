/**
 * The name servers that the system is set up with.
 *
 * @module
 */

/** Where they stand (resolv.conf(5)). */
export const RESOLV_CONF = "/etc/resolv.conf";

/** Addresses of name servers in the text of such a file, without zones of IPv6. */
export function parseNameServers(text: string): string[] {
  return [...text.matchAll(/^nameserver[ \t]+([^\s%]+)/gm)].flatMap(([, server]) => server ?? []);
}
