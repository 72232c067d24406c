/**
 * Addresses, ports and names as a configuration writes them.
 *
 * @module
 */

import { domainToASCII } from "node:url";
import type { Cidr } from "../../model/address.ts";
import type { Target } from "../../model/snapshot.ts";
import { parseCidr } from "../../proto/cidr.ts";
import { canonicalHostName } from "../../proto/host_name.ts";
import { canonicalHost, formatHostPort } from "../../proto/ip.ts";
import { quote, ValueError } from "./value_error.ts";

/** Most ports that one configuration listens on: each is a socket for every address and transport. */
const MAX_LISTEN_PORTS = 1024;

/**
 * Reads a range of ports such as `"8000-8010"` into the ports of it.
 *
 * @throws {ValueError} when it is not one, or has more than 1024 ports
 */
export function parsePortRange(text: string): readonly number[] {
  const [, first = "", last = ""] = /^\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*$/.exec(text) ?? [];
  if (first === "") {
    const hint = /^[0-9]+$/.test(text)
      ? "Write a single port without quotes"
      : 'Write a range as in "8000-8010"';
    throw new ValueError(`${quote(text)} is not a range of ports`, hint);
  }
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to > 65_535) {
    throw new ValueError(`${quote(text)} leaves the range of ports, 1 to 65535`);
  }
  if (from > to) {
    throw new ValueError(`${quote(text)} ends before it begins`, `Write "${to}-${from}"`);
  }
  return boundPorts(Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

/**
 * Passes ports on.
 *
 * @throws {ValueError} when there are more than 1024
 */
export function boundPorts(ports: readonly number[]): readonly number[] {
  if (ports.length <= MAX_LISTEN_PORTS) return ports;
  throw new ValueError(`More than ${MAX_LISTEN_PORTS} ports to listen on`);
}

/**
 * Reads an IPv4 address to listen on.
 *
 * @throws {ValueError} when it is not one
 */
export function parseListenV4(text: string): string {
  const host = canonicalHost(text);
  if (host !== null && !text.includes(":")) return host;
  const hint = host === null ? null : "Put IPv6 addresses into listen_address_v6";
  throw new ValueError(`${quote(text)} is not an IPv4 address`, hint);
}

/**
 * Reads an IPv6 address to listen on, with or without brackets.
 *
 * @throws {ValueError} when it is not one
 */
export function parseListenV6(text: string): string {
  const host = canonicalHost(text);
  if (host !== null && host.includes(":")) return host;
  const hint = host === null ? null : "Put IPv4 addresses into listen_address_v4";
  throw new ValueError(`${quote(text)} is not an IPv6 address`, hint);
}

/**
 * Reads an address block; an address alone is the block of that one address.
 *
 * @throws {ValueError} when it is not one
 */
export function parseTrusted(text: string): Cidr {
  const cidr = parseCidr(text.trim());
  if (cidr !== null) return cidr;
  throw new ValueError(
    `${quote(text)} is not an address block`,
    'Write it as in "10.0.0.0/8" or "2001:db8::/32"',
  );
}

const IPV6_TARGET_HINT = 'Write an IPv6 address in brackets, as in "[::1]:443"';

/**
 * Reads `host:port`, an IPv6 host in brackets.
 *
 * @throws {ValueError} when it is not that
 */
export function parseTarget(text: string): Target {
  const colon = text.lastIndexOf(":");
  if (canonicalHost(text) !== null || colon < 0) {
    const ipv6 = text.includes(":");
    const hint = ipv6 ? IPV6_TARGET_HINT : `Write ${quote(`${text}:443`)} or the like`;
    throw new ValueError(`${quote(text)} has no port`, hint);
  }
  const host = text.slice(0, colon);
  const port = parsePort(text, text.slice(colon + 1));
  if (host.includes(":") && !host.startsWith("[")) {
    const hint = text.includes("://")
      ? `Write host and port alone, without ${quote(text.slice(0, text.indexOf("://") + 3))}`
      : IPV6_TARGET_HINT;
    throw new ValueError(`${quote(text)} is not host:port`, hint);
  }
  const ip = canonicalHost(host);
  const name = ip ?? canonicalHostName(toAscii(host));
  // No top-level domain is a number, so this is an IP address with an error in it (WHATWG URL, "ends in a number").
  if (name === null || (ip === null && /(?:^|\.)[0-9]+$/.test(name))) {
    throw new ValueError(
      `${quote(host)} is neither an IP address nor a host name`,
      'Write the target as in "10.0.0.2:443" or "backend.example.com:443"',
    );
  }
  return { host: name, port, isIp: ip !== null, label: formatHostPort({ host: name, port }) };
}

/**
 * Reads the port of `text`.
 *
 * @throws {ValueError} when it is none
 */
export function parsePort(text: string, digits: string): number {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : -1;
  if (port >= 1 && port <= 65_535) return port;
  throw new ValueError(
    digits === "" ? `${quote(text)} has no port` : `${quote(text)} has no valid port`,
    "A port is a number from 1 to 65535",
  );
}

/**
 * Reads a server name, or `*.` or `.` and a name, into lower case without a trailing dot; a name in other letters than ASCII
 * into its A-labels (RFC 5890), as clients send it.
 *
 * @throws {ValueError} when no client could send it: RFC 6066 §3 leaves IP addresses and ports out
 */
export function parseServerName(text: string): string {
  if (canonicalHost(text) !== null) {
    throw new ValueError(
      `${quote(text)} is an IP address, which clients never send as a server name`,
      "Leave server_names out to take every name, and hellos without one",
    );
  }
  return parseNamePattern(text, "server name");
}

/**
 * Reads a name, or `*.` or `.` and a name, likewise.
 *
 * @param what how a message calls it
 * @throws {ValueError} when no host can have the name
 */
export function parseNamePattern(text: string, what: string): string {
  const [, start = "", rest = ""] = /^(\*?\.)?(.*)$/s.exec(text) ?? [];
  const name = canonicalHostName(toAscii(rest));
  if (name !== null) return start + name;
  throw new ValueError(`${quote(text)} is not a ${what}`, nameHint(text));
}

function nameHint(text: string): string | null {
  if (text === "*") return "Leave the key out to take every name";
  if (text.includes("*")) {
    return 'A star stands for the whole first label only, as in "*.example.com"';
  }
  if (/:[0-9]*$/.test(text)) return "Write the name without a port";
  return text.includes("/") ? "Write the host name alone" : null;
}

/**
 * Reads an ALPN protocol name (RFC 7301 §3.1: 1 to 255 bytes) into lower case.
 *
 * @throws {ValueError} when it is empty, too long, or not printable ASCII
 */
export function parseAlpn(text: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(text)) return text.toLowerCase();
  throw new ValueError(`${quote(text)} is not an ALPN name`, 'Write it as in "h2" or "http/1.1"');
}

/** Names in ASCII stay as they are, so that what is wrong with them is shown as it was written. */
function toAscii(name: string): string {
  // deno-lint-ignore no-control-regex -- the range of ASCII
  return /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name);
}
