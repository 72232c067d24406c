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
  readonly host: string;
  readonly port: number;
}

/** An address block; `bytes` has 4 or 16 bytes with the host bits cleared. */
export interface Cidr {
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}
