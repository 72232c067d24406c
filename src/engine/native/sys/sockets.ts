/**
 * Sockets with all that they need set: listening ones and connected ones.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import type { ListenerSpec, SocketOptions } from "../../../model/snapshot.ts";
import { EAFNOSUPPORT, EINPROGRESS, systemError } from "./errno.ts";
import {
  AF_INET6,
  IP_BIND_ADDRESS_NO_PORT,
  IP_PKTINFO,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_RECVPKTINFO,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_MARK,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
  UDP_GRO,
} from "./layout.ts";
import type { Libc } from "./libc.ts";
import { SockaddrBuffer } from "./socket_address.ts";

/** What of a TCP listener can change while it listens. What it has accepted stays as it is. */
export interface TcpListenerTuning {
  /** Whether clients may send with their first packet (RFC 7413). */
  readonly fastOpen: boolean;
  /** Milliseconds for which a connection is held back until its first byte; the kernel counts in seconds. 0 = not. */
  readonly deferAcceptMs: number;
  /** Milliseconds after which a connection ends whose peer acknowledges nothing; 0 = the system's own. */
  readonly userTimeoutMs: number;
}

/** How a TCP listener is made. */
export interface TcpListenerOptions extends TcpListenerTuning {
  /** Whether other sockets that also say so may have the same address: one of each worker. */
  readonly reusePort: boolean;
}

/** How a UDP listener is made. */
export interface UdpListenerOptions {
  readonly reusePort: boolean;
  /** Whether the kernel may hand over datagrams of one sender joined together, where it can (Linux 5.0). */
  readonly gro: boolean;
}

/**
 * A non-blocking listening socket; one for IPv6 is for IPv6 alone. What is accepted inherits `TCP_NODELAY`, keep-alive and
 * the user timeout from it, so that no call has to set them for each connection.
 *
 * @throws {Error} of the classes that `Deno.listen` throws
 */
export function openTcpListener(
  libc: Libc,
  spec: ListenerSpec,
  options: TcpListenerOptions,
): number {
  const { reusePort } = options;
  return openListener(libc, spec.address, SOCK_STREAM, (fd) => {
    must(libc.setsockoptInt(fd, SOL_SOCKET, SO_REUSEADDR, 1), "setsockopt SO_REUSEADDR");
    if (reusePort) {
      must(libc.setsockoptInt(fd, SOL_SOCKET, SO_REUSEPORT, 1), "setsockopt SO_REUSEPORT");
    }
    libc.setsockoptInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    libc.setsockoptInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    tuneTcpListener(libc, fd, spec, options);
  }, (fd) => must(libc.listen(fd, spec.backlog), "listen"));
}

/** Sets what can change while a socket listens. A kernel that does not know one of the options does without it. */
export function tuneTcpListener(
  libc: Libc,
  fd: number,
  { backlog }: ListenerSpec,
  { fastOpen, deferAcceptMs, userTimeoutMs }: TcpListenerTuning,
): void {
  libc.setsockoptInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMs);
  libc.setsockoptInt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, Math.ceil(deferAcceptMs / 1000));
  libc.setsockoptInt(fd, IPPROTO_TCP, TCP_FASTOPEN, fastOpen ? backlog : 0);
}

/**
 * A non-blocking UDP socket that tells of each datagram the address that it was sent to (`IP_PKTINFO`,
 * `IPV6_PKTINFO`); one for IPv6 is for IPv6 alone.
 *
 * @throws {Error} of the classes that `Deno.listenDatagram` throws
 */
export function openUdpListener(
  libc: Libc,
  spec: ListenerSpec,
  options: UdpListenerOptions,
): number {
  const isIpv6 = spec.address.host.includes(":");
  return openListener(libc, spec.address, SOCK_DGRAM, (fd) => {
    if (options.reusePort) {
      must(libc.setsockoptInt(fd, SOL_SOCKET, SO_REUSEPORT, 1), "setsockopt SO_REUSEPORT");
    }
    if (isIpv6) {
      must(
        libc.setsockoptInt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
        "setsockopt IPV6_RECVPKTINFO",
      );
    } else must(libc.setsockoptInt(fd, IPPROTO_IP, IP_PKTINFO, 1), "setsockopt IP_PKTINFO");
    if (options.gro) libc.setsockoptInt(fd, IPPROTO_UDP, UDP_GRO, 1);
  }, () => {});
}

/**
 * A TCP socket that is being connected, or is so already: it becomes ready for writing when it is, or with an error.
 *
 * @param from whose IP address to connect from, the system choosing the port; null: the system chooses both. Needs
 *   CAP_NET_ADMIN where it is not an address of this machine
 * @param hasData whether the first bytes are at hand: only then may fast open be used, which sends nothing before them
 * @returns the descriptor, or the negated errno
 */
export function openTcpSocket(
  libc: Libc,
  address: SocketAddress,
  from: SocketAddress | null,
  options: SocketOptions,
  hasData: boolean,
): number {
  const target = encoded(address);
  const fd = openTowards(libc, target, from, SOCK_STREAM, options.mark);
  if (fd < 0) return fd;
  libc.setsockoptInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  libc.setsockoptInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  const { tcpUserTimeoutMs, tcpFastOpen } = options;
  if (tcpUserTimeoutMs > 0) libc.setsockoptInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, tcpUserTimeoutMs);
  if (tcpFastOpen && hasData) libc.setsockoptInt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  return connectOrClose(libc, fd, target);
}

/** A UDP socket that is connected; parameters and result as with {@linkcode openTcpSocket}. */
export function openUdpSocket(
  libc: Libc,
  address: SocketAddress,
  from: SocketAddress | null,
  options: SocketOptions,
): number {
  const target = encoded(address);
  const fd = openTowards(libc, target, from, SOCK_DGRAM, options.mark);
  return fd < 0 ? fd : connectOrClose(libc, fd, target);
}

/**
 * The address that a socket is bound to.
 *
 * @throws {Error} where the descriptor is no socket of IPv4 or IPv6
 */
export function localAddress(libc: Libc, fd: number): SocketAddress {
  const buffer = new SockaddrBuffer();
  must(libc.getsockname(fd, buffer), "getsockname");
  const address = buffer.toSocketAddress();
  if (address === null) throw new TypeError("The socket has no IP address");
  return address;
}

function openListener(
  libc: Libc,
  address: SocketAddress,
  type: number,
  prepare: (fd: number) => void,
  begin: (fd: number) => void,
): number {
  const sockaddr = SockaddrBuffer.of(address);
  const fd = libc.socket(sockaddr.family, type);
  if (fd === -EAFNOSUPPORT && sockaddr.family === AF_INET6) {
    throw new Error("this system has no IPv6");
  }
  must(fd, "socket");
  try {
    if (sockaddr.family === AF_INET6) {
      must(libc.setsockoptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), "setsockopt IPV6_V6ONLY");
    }
    prepare(fd);
    must(libc.bind(fd, sockaddr), "bind");
    begin(fd);
    return fd;
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/** Addresses of targets as the kernel takes them: to write one anew costs as much as some system calls. */
const ENCODED = new WeakMap<SocketAddress, SockaddrBuffer>();

function encoded(address: SocketAddress): SockaddrBuffer {
  let sockaddr = ENCODED.get(address);
  if (sockaddr === undefined) {
    sockaddr = SockaddrBuffer.of(address);
    ENCODED.set(address, sockaddr);
  }
  return sockaddr;
}

/** A socket that is yet to be connected, or the negated errno. */
function openTowards(
  libc: Libc,
  target: SockaddrBuffer,
  from: SocketAddress | null,
  type: number,
  mark: number,
): number {
  const fd = libc.socket(target.family, type);
  if (fd < 0) return fd;
  let result = 0;
  if (mark !== 0) result = libc.setsockoptInt(fd, SOL_SOCKET, SO_MARK, mark);
  if (from !== null && result >= 0) result = bindTransparent(libc, fd, target.family, from);
  if (result >= 0) return fd;
  libc.close(fd);
  return result;
}

function connectOrClose(libc: Libc, fd: number, target: SockaddrBuffer): number {
  const result = libc.connect(fd, target);
  if (result >= 0 || result === -EINPROGRESS) return fd;
  libc.close(fd);
  return result;
}

function bindTransparent(libc: Libc, fd: number, family: number, from: SocketAddress): number {
  const result = family === AF_INET6
    ? libc.setsockoptInt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    : libc.setsockoptInt(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
  if (result < 0) return result;
  // The port is chosen when the connection is made: one port may then serve any number of targets.
  libc.setsockoptInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return libc.bind(fd, SockaddrBuffer.of({ host: from.host, port: 0 }));
}

function must(result: number, call: string): void {
  if (result < 0) throw systemError(-result, call);
}
