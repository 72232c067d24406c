/**
 * Between the kernel's socket addresses and ours.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import { formatIp, parseIp } from "../../../proto/ip.ts";
import { AF_INET, AF_INET6, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_STORAGE_SIZE } from "./layout.ts";

/**
 * Writes an address at `offset` as `sockaddr_in` or `sockaddr_in6` and returns its size: 16 or 28 bytes.
 *
 * @throws {TypeError} where `host` is no IP address, which is a fault of the caller
 */
export function encodeSockaddr(address: SocketAddress, bytes: Uint8Array, offset = 0): number {
  const ip = parseIp(address.host);
  if (ip === null) throw new TypeError(`"${address.host}" is not an IP address`);
  const { size, port, address: ipOffset } = ip.length === 4 ? SOCKADDR_IN : SOCKADDR_IN6;
  bytes.fill(0, offset, offset + size);
  // The family is in the byte order of the machine, which is little-endian; the port is in network order.
  bytes[offset] = ip.length === 4 ? AF_INET : AF_INET6;
  bytes[offset + port] = address.port >> 8;
  bytes[offset + port + 1] = address.port & 0xff;
  bytes.set(ip, offset + ipOffset);
  return size;
}

/** The address at `offset`, or null where it is neither IPv4 nor IPv6. The zone of a link-local address is lost. */
export function decodeSockaddr(bytes: Uint8Array, offset = 0): SocketAddress | null {
  switch (sockaddrFamily(bytes, offset)) {
    case AF_INET:
      return { host: formatIpv4(bytes, offset), port: sockaddrPort(bytes, offset) };
    case AF_INET6: {
      const start = offset + SOCKADDR_IN6.address;
      const host = formatIp(bytes.subarray(start, start + 16));
      return { host, port: sockaddrPort(bytes, offset) };
    }
    default:
      return null;
  }
}

/** `AF_INET`, `AF_INET6`, or what else the kernel wrote. */
export function sockaddrFamily(bytes: Uint8Array, offset = 0): number {
  return (bytes[offset] ?? 0) | (bytes[offset + 1] ?? 0) << 8;
}

/** The port, which is at the same place in both families. */
export function sockaddrPort(bytes: Uint8Array, offset = 0): number {
  return (bytes[offset + SOCKADDR_IN.port] ?? 0) << 8 | (bytes[offset + SOCKADDR_IN.port + 1] ?? 0);
}

/** Room for one address of any family, and its length, as `accept4` and its like fill them. */
export class SockaddrBuffer {
  /** `struct sockaddr_storage`. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  /** `socklen_t`: how much of `bytes` is an address. The kernel reads and writes it. */
  readonly lengthCell: Uint32Array<ArrayBuffer> = new Uint32Array(new ArrayBuffer(4));
  readonly #view = new DataView(this.bytes.buffer);

  /** A buffer that holds an address. */
  static of(address: SocketAddress): SockaddrBuffer {
    const buffer = new SockaddrBuffer();
    buffer.set(address);
    return buffer;
  }

  /** Bytes in use: 0 while there is no address. */
  get length(): number {
    return this.lengthCell[0] ?? 0;
  }

  /** Makes all of the room available to the kernel, which then says how much it took. */
  offer(): void {
    this.lengthCell[0] = SOCKADDR_STORAGE_SIZE;
  }

  set(address: SocketAddress): void {
    this.lengthCell[0] = encodeSockaddr(address, this.bytes);
  }

  /** The address in text, or null where it is neither IPv4 nor IPv6. */
  toSocketAddress(): SocketAddress | null {
    return decodeSockaddr(this.bytes);
  }

  /** `AF_INET` or `AF_INET6`. */
  get family(): number {
    return sockaddrFamily(this.bytes);
  }

  get port(): number {
    return sockaddrPort(this.bytes);
  }

  /** The IPv4 address as a number: 127.0.0.1 is 0x7f000001. */
  get ipv4(): number {
    return this.#view.getUint32(SOCKADDR_IN.address);
  }

  /** One of the four 32-bit words of the IPv6 address, the first one being 0. */
  ipv6Word(index: number): number {
    return this.#view.getUint32(SOCKADDR_IN6.address + 4 * index);
  }
}

/** As `formatIp` does it, without the view and the array that it needs: this is done for every connection. */
function formatIpv4(bytes: Uint8Array, offset: number): string {
  const at = offset + SOCKADDR_IN.address;
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}
