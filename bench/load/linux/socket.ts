/**
 * Sockets by file descriptor, IPv4 on loopback only.
 *
 * @module
 */

import { checked, libc } from "./libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPPROTO_TCP = 6;
const TCP_DEFER_ACCEPT = 9;

const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;

const ADDRESS_SIZE = 16;
const BACKLOG = 4096;

/** A blocking TCP listener on 127.0.0.1 which returns from `accept` when a connection's first bytes are there. */
export function listenTcp(port: number): number {
  const fd = checked("open a socket", libc.socket(AF_INET, SOCK_STREAM, 0));
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
  checked(`bind to port ${port}`, libc.bind(fd, socketAddress(LOOPBACK, port), ADDRESS_SIZE));
  checked(`listen on port ${port}`, libc.listen(fd, BACKLOG));
  return fd;
}

/** A blocking TCP connection to 127.0.0.1. */
export function connectTcp(address: Uint8Array<ArrayBuffer>): number {
  const fd = checked("open a socket", libc.socket(AF_INET, SOCK_STREAM, 0));
  checked("connect", libc.connect(fd, address, ADDRESS_SIZE));
  return fd;
}

/**
 * A blocking UDP socket on all addresses, with room for a burst. Each datagram that is read tells which address it came
 * to. A read gives up after `timeoutMs`; 0 = never.
 */
export function bindUdp(port: number, timeoutMs: number): number {
  const fd = checked("open a socket", libc.socket(AF_INET, SOCK_DGRAM, 0));
  setOption(fd, SOL_SOCKET, SO_RCVBUF, 4 * 2 ** 20);
  setOption(fd, IPPROTO_IP, IP_PKTINFO, 1);
  setReceiveTimeout(fd, timeoutMs);
  checked(`bind to port ${port}`, libc.bind(fd, socketAddress(ANY, port), ADDRESS_SIZE));
  return fd;
}

/** Sends all of `bytes`, which are few enough for a socket to take at once. */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  libc.send(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL);
}

/** Waits for bytes and reads them; returns how many, 0 at the end, -1 where the connection broke. */
export function receive(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return libc.recv(fd, buffer, BigInt(buffer.length), 0);
}

/** Reads until the end of the connection or until the buffer is full; returns how many bytes. */
export function receiveAll(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return libc.recv(fd, buffer, BigInt(buffer.length), MSG_WAITALL);
}

/** 127.0.0.1, as {@linkcode socketAddress} takes it. */
export const LOOPBACK: readonly number[] = [127, 0, 0, 1];
const ANY: readonly number[] = [0, 0, 0, 0];

/** `struct sockaddr_in` (netinet/in.h). */
export function socketAddress(address: readonly number[], port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ADDRESS_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(address, 4);
  return bytes;
}

function setReceiveTimeout(fd: number, milliseconds: number): void {
  // struct timeval
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(Math.floor(milliseconds / 1_000)), true);
  view.setBigInt64(8, BigInt((milliseconds % 1_000) * 1_000), true);
  const result = libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, bytes, bytes.length);
  checked("set a receive timeout", result);
}

function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  checked(`set option ${name}`, libc.setsockopt(fd, level, name, bytes, bytes.length));
}
