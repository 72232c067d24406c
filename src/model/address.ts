/**
 * Network addresses as plain data.
 *
 * @module
 */

/**
 * An IP address with a port. `host` is in canonical text form (RFC 5952): lower case, without brackets, and an
 * IPv4-mapped IPv6 address is written as the IPv4 address that it stands for.
 */
export interface SocketAddress {
  /** IP address in text form. */
  readonly host: string;
  /** 0–65535; 0 only where the system is to choose one. */
  readonly port: number;
}

/** An address block; `bytes` has 4 or 16 bytes with the host bits cleared. */
export interface Cidr {
  /** The first address of the block. */
  readonly bytes: Uint8Array;
  /** How many bits, from the first, all of its addresses share. */
  readonly prefixLength: number;
}
