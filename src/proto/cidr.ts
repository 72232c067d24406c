/**
 * Address blocks (RFC 4632) and a table of them that answers fast however many there are.
 *
 * @module
 */

import type { Cidr } from "../model/address.ts";
import { compareIps, parseIp } from "./ip.ts";

const PREFIX_LENGTH = /^(?:0|[1-9][0-9]{0,2})$/;

/**
 * Parses `address/prefix`; an address alone is the block of that one address. Host bits are cleared, and a block
 * within `::ffff:0:0/96` is the IPv4 block that it stands for. Null where the text is neither.
 */
export function parseCidr(text: string): Cidr | null {
  const [host = "", prefix, ...more] = text.split("/");
  const address = parseIp(host);
  if (address === null || more.length > 0) return null;
  const width = address.length * 8;
  if (prefix === undefined) return { bytes: address, prefixLength: width };
  if (!PREFIX_LENGTH.test(prefix)) return null;

  // A mapped block counts its prefix from the start of the 128 bits. One that is wider than the mapped range holds
  // addresses of both kinds and cannot be told in one form.
  const mappedBits = address.length === 4 && host.includes(":") ? 96 : 0;
  const prefixLength = Number(prefix) - mappedBits;
  if (prefixLength < 0 || prefixLength > width) return null;
  return { bytes: maskTo(address, prefixLength), prefixLength };
}

/** Whether an address of 4 or 16 bytes lies in the block. Never across families. */
export function cidrContains(cidr: Cidr, address: Uint8Array): boolean {
  return cidr.bytes.length === address.length && comparePrefix(cidr, address) === 0;
}

/** A set of blocks, compiled for look-ups in logarithmic time. */
export class CidrTable {
  // Sorted and disjoint, one list a family. Blocks nest or are disjoint, so leaving out the inner ones suffices.
  readonly #ipv4: readonly Cidr[];
  readonly #ipv6: readonly Cidr[];

  constructor(cidrs: readonly Cidr[]) {
    this.#ipv4 = disjoint(cidrs.filter(({ bytes }) => bytes.length === 4));
    this.#ipv6 = disjoint(cidrs.filter(({ bytes }) => bytes.length === 16));
  }

  /** Whether some block contains the host, an IP address in text form. */
  containsHost(host: string): boolean {
    const address = parseIp(host);
    return address !== null && this.contains(address);
  }

  /** Whether some block contains the address of 4 or 16 bytes. */
  contains(address: Uint8Array): boolean {
    const blocks = address.length === 4 ? this.#ipv4 : this.#ipv6;
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = blocks[middle];
      if (block === undefined) return false;
      const order = comparePrefix(block, address);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }
}

function disjoint(cidrs: readonly Cidr[]): Cidr[] {
  const sorted = cidrs.toSorted((a, b) =>
    compareIps(a.bytes, b.bytes) || a.prefixLength - b.prefixLength
  );
  const kept: Cidr[] = [];
  for (const cidr of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !cidrContains(last, cidr.bytes)) kept.push(cidr);
  }
  return kept;
}

/** Negative where the block lies before the address, positive behind it, zero where it contains it. */
function comparePrefix({ bytes, prefixLength }: Cidr, address: Uint8Array): number {
  const whole = prefixLength >> 3;
  for (let i = 0; i < whole; i++) {
    const order = (bytes[i] ?? 0) - (address[i] ?? 0);
    if (order !== 0) return order;
  }
  const mask = 0xff00 >> (prefixLength & 7) & 0xff;
  return mask === 0 ? 0 : ((bytes[whole] ?? 0) & mask) - ((address[whole] ?? 0) & mask);
}

function maskTo(address: Uint8Array, prefixLength: number): Uint8Array {
  return address.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefixLength - i * 8));
    return byte & (0xff00 >> bits & 0xff);
  });
}
