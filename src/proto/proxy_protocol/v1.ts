/**
 * Version 1 (proxy-protocol.txt §2.1): one line of text.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { formatIp, parseIp } from "../ip.ts";
import { MALFORMED } from "../malformed.ts";
import { keepPeer, type ProxiedConnection, type ProxyHeader } from "./header.ts";

const SIGNATURE = "PROXY ";
/** The longest line, CRLF included: UNKNOWN with two full IPv6 addresses. */
export const MAX_LINE = 107;
const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

/** Reads a version 1 header. */
export function parseV1(head: Uint8Array): Verdict<ProxyHeader> {
  const text = latin1(head.subarray(0, MAX_LINE));
  if (!SIGNATURE.startsWith(text.slice(0, SIGNATURE.length))) return NO_MATCH;
  const end = head.subarray(0, MAX_LINE).findIndex((byte) => byte < 0x20);
  if (end >= 0 && text[end] !== "\r") return MALFORMED.bad_value;
  if (end < 0 || end + 1 === text.length) {
    return text.length < MAX_LINE ? NEED_MORE : MALFORMED.too_long;
  }
  if (text[end + 1] !== "\n") return MALFORMED.bad_value;
  return parseFields(text.slice(SIGNATURE.length, end).split(" "), end + 2);
}

/** Writes a version 1 header; `UNKNOWN` where an address is no IP address. */
export function encodeV1({ source, destination }: ProxiedConnection): Uint8Array {
  return new TextEncoder().encode(`PROXY ${describe(source, destination)}\r\n`);
}

function parseFields(fields: readonly string[], length: number): Verdict<ProxyHeader> {
  const [family, sourceHost, destinationHost, sourcePort, destinationPort, ...more] = fields;
  if (family === "UNKNOWN") return keepPeer(length, null); // whatever else the line says
  if (family !== "TCP4" && family !== "TCP6") return MALFORMED.bad_value;
  const source = parseEndpoint(family, sourceHost, sourcePort);
  const destination = parseEndpoint(family, destinationHost, destinationPort);
  if (source === null || destination === null || more.length > 0) return MALFORMED.bad_value;
  return { kind: "match", value: { length, source, destination, tlvs: null } };
}

function parseEndpoint(
  family: "TCP4" | "TCP6",
  host: string | undefined,
  port: string | undefined,
): SocketAddress | null {
  if (host === undefined || port === undefined || host.startsWith("[")) return null;
  const address = host.includes(":") === (family === "TCP6") ? parseIp(host) : null;
  if (address === null || !PORT.test(port) || Number(port) > 65_535) return null;
  return { host: formatIp(address), port: Number(port) };
}

function describe(source: SocketAddress, destination: SocketAddress): string {
  if (parseIp(source.host) === null || parseIp(destination.host) === null) return "UNKNOWN";
  const family = source.host.includes(":") || destination.host.includes(":") ? "TCP6" : "TCP4";
  const text = ({ host }: SocketAddress) =>
    family === "TCP6" && !host.includes(":") ? `::ffff:${host}` : host;
  return `${family} ${text(source)} ${text(destination)} ${source.port} ${destination.port}`;
}
