/**
 * Between Deno's addresses and ours.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";

/** Deno writes addresses in the canonical form already, but for IPv4-mapped ones, which are told apart first. */
export function socketAddress(address: Deno.NetAddr): SocketAddress {
  return { host: address.hostname, port: address.port };
}

/** Whether an address of an IPv6 socket stands for an IPv4 one, as in `::ffff:192.0.2.1`. */
export function isIpv4Mapped(host: string): boolean {
  return host.startsWith("::ffff:") && host.includes(".");
}
