/**
 * What error numbers mean: the only file of the native engine that knows them.
 *
 * Functions take the number as a positive one, as the manual pages name it; {@linkcode Libc} returns it negated.
 *
 * @module
 */

import type { ErrorCode } from "../../../model/errors.ts";

// asm-generic/errno-base.h and asm-generic/errno.h: the same on x86-64 and aarch64.
export const EPERM = 1;
export const EINTR = 4;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENOSYS = 38;
export const EPROTO = 71;
export const EMSGSIZE = 90;
export const ENOPROTOOPT = 92;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTDOWN = 112;
export const EHOSTUNREACH = 113;
export const EALREADY = 114;
export const EINPROGRESS = 115;

/** What is known of one number. */
interface Meaning {
  readonly name: string;
  /** For a person, without a full stop. */
  readonly message: string;
  /** What it means to a flow; left out: `io_error`. */
  readonly code?: ErrorCode;
}

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [EPERM, { name: "EPERM", message: "operation not permitted" }],
  [EINTR, { name: "EINTR", message: "interrupted system call" }],
  [EIO, { name: "EIO", message: "input/output error" }],
  [EBADF, { name: "EBADF", message: "bad file descriptor" }],
  [EAGAIN, { name: "EAGAIN", message: "resource temporarily unavailable" }],
  [ENOMEM, { name: "ENOMEM", message: "out of memory" }],
  [EACCES, { name: "EACCES", message: "permission denied" }],
  [EFAULT, { name: "EFAULT", message: "bad address" }],
  // Of a connect: an IPv6 link-local address without its interface.
  [EINVAL, { name: "EINVAL", message: "invalid argument", code: "address_not_available" }],
  [ENFILE, { name: "ENFILE", message: "too many open files in system", code: "too_many_files" }],
  [EMFILE, { name: "EMFILE", message: "too many open files", code: "too_many_files" }],
  [EPIPE, { name: "EPIPE", message: "broken pipe", code: "connection_reset" }],
  [ENOSYS, { name: "ENOSYS", message: "function not implemented" }],
  [EPROTO, { name: "EPROTO", message: "protocol error" }],
  [EMSGSIZE, { name: "EMSGSIZE", message: "message too long" }],
  [ENOPROTOOPT, { name: "ENOPROTOOPT", message: "protocol not available" }],
  [EOPNOTSUPP, { name: "EOPNOTSUPP", message: "operation not supported" }],
  [EAFNOSUPPORT, {
    name: "EAFNOSUPPORT",
    message: "address family not supported",
    code: "address_not_available",
  }],
  [EADDRINUSE, { name: "EADDRINUSE", message: "address already in use" }],
  [EADDRNOTAVAIL, {
    name: "EADDRNOTAVAIL",
    message: "address not available",
    code: "address_not_available",
  }],
  [ENETDOWN, { name: "ENETDOWN", message: "network is down", code: "network_unreachable" }],
  [ENETUNREACH, {
    name: "ENETUNREACH",
    message: "network unreachable",
    code: "network_unreachable",
  }],
  [ECONNABORTED, {
    name: "ECONNABORTED",
    message: "connection aborted",
    code: "connection_reset",
  }],
  [ECONNRESET, { name: "ECONNRESET", message: "connection reset", code: "connection_reset" }],
  [ENOBUFS, { name: "ENOBUFS", message: "no buffer space available" }],
  [EISCONN, { name: "EISCONN", message: "already connected" }],
  [ENOTCONN, { name: "ENOTCONN", message: "not connected", code: "connection_reset" }],
  [ETIMEDOUT, { name: "ETIMEDOUT", message: "connection timed out", code: "connect_timeout" }],
  [ECONNREFUSED, {
    name: "ECONNREFUSED",
    message: "connection refused",
    code: "connection_refused",
  }],
  [EHOSTDOWN, { name: "EHOSTDOWN", message: "host is down", code: "host_unreachable" }],
  [EHOSTUNREACH, { name: "EHOSTUNREACH", message: "host unreachable", code: "host_unreachable" }],
  [EALREADY, { name: "EALREADY", message: "operation already in progress" }],
  [EINPROGRESS, { name: "EINPROGRESS", message: "operation now in progress" }],
]);

/** `EADDRINUSE`; `E123` for a number that is not in the table. */
export function errnoName(errno: number): string {
  return MEANINGS.get(errno)?.name ?? `E${errno}`;
}

/** The name that the data plane has for an error. */
export function errorCodeOf(errno: number): ErrorCode {
  return MEANINGS.get(errno)?.code ?? "io_error";
}

/**
 * The error as the control plane throws it: of the class that Deno's own sockets would throw, with the name in `code` as
 * theirs have it, so that whoever handles theirs handles ours.
 *
 * @param doing the system call that failed: `bind`
 */
export function systemError(errno: number, doing: string): Error & { readonly code: string } {
  const code = errnoName(errno);
  const message = MEANINGS.get(errno)?.message ?? "unknown error";
  return Object.assign(new (errorClass(errno))(`${doing}: ${message} (${code})`), { code });
}

/** Whether the system has no descriptors or buffers left. */
export function isShortage(errno: number): boolean {
  return errno === EMFILE || errno === ENFILE || errno === ENOBUFS || errno === ENOMEM;
}

/**
 * Whether `accept4` failed for the sake of one connection, so that the next may be accepted at once: accept(2) asks to
 * treat the errors of the network that are pending on a new socket like this, and a firewall's refusal (EPERM) is one.
 */
export function isAcceptTransient(errno: number): boolean {
  switch (errno) {
    case ECONNABORTED:
    case ECONNRESET:
    case ENOTCONN:
    case EPROTO:
    case EINTR:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

/** Whether a failed send lost its datagram and no more: too long for the path, or no room for it right now. */
export function isDatagramTransient(errno: number): boolean {
  return errno === EMSGSIZE || errno === ENOBUFS || errno === ENOMEM || errno === EAGAIN ||
    errno === EINTR;
}

function errorClass(errno: number): new (message: string) => Error {
  switch (errno) {
    case EADDRINUSE:
      return Deno.errors.AddrInUse;
    case EADDRNOTAVAIL:
      return Deno.errors.AddrNotAvailable;
    case EPERM:
    case EACCES:
      return Deno.errors.PermissionDenied;
    case ECONNREFUSED:
      return Deno.errors.ConnectionRefused;
    case ECONNRESET:
      return Deno.errors.ConnectionReset;
    case ETIMEDOUT:
      return Deno.errors.TimedOut;
    default:
      return Error;
  }
}
