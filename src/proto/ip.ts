/**
 * IP addresses in text and bytes. An address has one form here: an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the
 * IPv4 address that it stands for.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";

/** Longest text of an address: `[ffff:…:255.255.255.255]`. Longer input is refused unread. */
const MAX_TEXT = 47;

const DECIMAL_BYTE = /^(?:0|[1-9][0-9]{0,2})$/; // "010" is octal to some and decimal to others, so it is neither
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;

/**
 * The 4 or 16 bytes of an address, or null where the text is none. IPv6 may stand in brackets; zones (`%eth0`), leading
 * zeros in IPv4, and addresses of fewer than four parts are refused.
 */
export function parseIp(text: string): Uint8Array | null {
  if (text.length > MAX_TEXT) return null;
  if (!text.includes(":")) return parseIpv4(text);
  const bracketed = text.startsWith("[") && text.endsWith("]");
  const bytes = parseIpv6(bracketed ? text.slice(1, -1) : text);
  return bytes === null ? null : unmap(bytes);
}

/** The canonical text of 4 or 16 bytes (RFC 5952), an IPv4-mapped address as IPv4. Never bracketed. */
export function formatIp(bytes: Uint8Array): string {
  const address = unmap(bytes);
  return address.length === 4 ? address.join(".") : formatIpv6(address);
}

/** The canonical text of an address, or null where the text is not an address. */
export function canonicalHost(text: string): string | null {
  const bytes = parseIp(text);
  return bytes === null ? null : formatIp(bytes);
}

/** `host:port`, with brackets around an IPv6 host: the form that logs, flags and URLs use. */
export function formatHostPort({ host, port }: SocketAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The 16 bytes of an address: an IPv4 address in its IPv4-mapped form. */
export function toIpv6Bytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, 12);
  mapped.set(bytes, 12);
  return mapped;
}

/** Whether 16 bytes are an IPv4-mapped address, `::ffff:0:0/96`. */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** The numeric order of two addresses of one family: negative where `a` comes first. */
export function compareIps(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const order = (a[i] ?? 0) - (b[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

function unmap(bytes: Uint8Array): Uint8Array {
  return isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes;
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    const value = DECIMAL_BYTE.test(part) ? Number(part) : 256;
    if (value > 255) return null;
    bytes[i] = value;
  }
  return bytes;
}

/** RFC 4291 §2.2: eight groups, of which `::` replaces one or more, and the last two may be written as IPv4. */
function parseIpv6(text: string): Uint8Array | null {
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return null;
  const head = parseGroups(left, right === undefined);
  const tail = right === undefined ? [] : parseGroups(right, true);
  if (head === null || tail === null) return null;
  const written = head.length + tail.length;
  if (right === undefined ? written !== 16 : written > 14) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (HEX_GROUP.test(part)) {
      const group = parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    } else {
      const ipv4 = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4(part) : null;
      if (ipv4 === null) return null;
      bytes.push(...ipv4);
    }
  }
  return bytes.length > 16 ? null : bytes;
}

function formatIpv6(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push(((bytes[i] ?? 0) << 8 | (bytes[i + 1] ?? 0)).toString(16));
  }
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(":"); // RFC 5952 §4.2.2: not for a single group
  const head = groups.slice(0, run.start).join(":");
  return `${head}::${groups.slice(run.start + run.length).join(":")}`;
}

/** The first of the longest runs (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === "0" ? length + 1 : 0;
    if (length > best.length) best = { start: i + 1 - length, length };
  }
  return best;
}
