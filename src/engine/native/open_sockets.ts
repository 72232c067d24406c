/**
 * Binds the sockets of one listener, one for each worker.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { ListenerSpec, SocketOptions } from "../../model/snapshot.ts";
import type { Libc } from "./sys/libc.ts";
import {
  localAddress,
  openTcpListener,
  openUdpListener,
  type TcpListenerTuning,
  tuneTcpListener,
} from "./sys/sockets.ts";

/** What is to be bound. */
export interface SocketsWanted {
  readonly libc: Libc;
  readonly count: number;
  readonly spec: ListenerSpec;
  /** Addresses of our other sockets on the same port. */
  readonly others: readonly SocketAddress[];
  readonly options: SocketOptions;
}

/** Bound sockets. */
export interface OpenSockets {
  readonly descriptors: readonly number[];
  /** With the real port where none was asked for. */
  readonly address: SocketAddress;
}

/**
 * Binds with SO_REUSEPORT, so that the system spreads what comes over the sockets. With this option it would go
 * unnoticed that another program of this user has the port as well, so where none of our own is in the way, the port is
 * tried without it first.
 *
 * @throws {Error} as Deno does when the address cannot be bound
 */
export function openSockets({ libc, count, spec, others, options }: SocketsWanted): OpenSockets {
  const { host, port } = spec.address;
  if (others.some((other) => other.host === host)) {
    throw new Deno.errors.AddrInUse("Address already in use: this proxy listens there");
  }
  const isShared = others.some((other) => overlap(other.host, host));
  if (!isShared && port !== 0) libc.close(open(libc, spec, options, false));

  const descriptors: number[] = [];
  try {
    const first = open(libc, spec, options, true);
    descriptors.push(first);
    const address = localAddress(libc, first);
    while (descriptors.length < count) {
      descriptors.push(open(libc, { ...spec, address }, options, true));
    }
    return { descriptors, address };
  } catch (error) {
    for (const fd of descriptors) libc.close(fd);
    throw error;
  }
}

/** Has a socket that listens go by other options. */
export function tuneSocket(
  libc: Libc,
  fd: number,
  spec: ListenerSpec,
  options: SocketOptions,
): void {
  if (spec.transport === "tcp") tuneTcpListener(libc, fd, spec, tuningOf(options));
}

/** @throws {Error} as Deno does */
function open(
  libc: Libc,
  spec: ListenerSpec,
  options: SocketOptions,
  reusePort: boolean,
): number {
  return spec.transport === "tcp"
    ? openTcpListener(libc, spec, { ...tuningOf(options), reusePort })
    : openUdpListener(libc, spec, { reusePort, gro: true });
}

function tuningOf(
  { tcpFastOpen, tcpDeferAcceptMs, tcpUserTimeoutMs }: SocketOptions,
): TcpListenerTuning {
  return {
    fastOpen: tcpFastOpen,
    deferAcceptMs: tcpDeferAcceptMs,
    userTimeoutMs: tcpUserTimeoutMs,
  };
}

/** Whether one of two different addresses takes what is for the other; sockets for IPv6 are for IPv6 alone. */
function overlap(one: string, other: string): boolean {
  const [isIpv6, isOtherIpv6] = [one.includes(":"), other.includes(":")];
  if (isIpv6 !== isOtherIpv6) return false;
  return isWildcard(one) || isWildcard(other);
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
