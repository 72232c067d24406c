/**
 * What the system's errors mean: the only file that looks at them.
 *
 * @module
 */

import type { ErrorCode } from "../../model/errors.ts";

/** Codes of the system by what they mean to a flow. */
const ERROR_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: "connection_refused",
  ETIMEDOUT: "connect_timeout",
  EHOSTUNREACH: "host_unreachable",
  EHOSTDOWN: "host_unreachable",
  ENETUNREACH: "network_unreachable",
  ENETDOWN: "network_unreachable",
  EMFILE: "too_many_files",
  ENFILE: "too_many_files",
  EADDRNOTAVAIL: "address_not_available",
  EAFNOSUPPORT: "address_not_available",
  // An IPv6 link-local address without its interface.
  EINVAL: "address_not_available",
  ECONNRESET: "connection_reset",
  ECONNABORTED: "connection_reset",
  EPIPE: "connection_reset",
  ENOTCONN: "connection_reset",
};

/** Errors of one connection that ended before it was accepted: the listener is well. */
const ACCEPT_TRANSIENT: ReadonlySet<string | null> = new Set([
  "ECONNABORTED",
  "ECONNRESET",
  "ENOTCONN",
  "EPROTO",
  "EINTR",
]);

/** Errors after which a datagram is lost and nothing else: too long for the path, or no room for it right now. */
const DATAGRAM_TRANSIENT: ReadonlySet<string | null> = new Set([
  "EMSGSIZE",
  "ENOBUFS",
  "ENOMEM",
  "EAGAIN",
  "EINTR",
]);

/** The name that the data plane has for a system error. */
export function errorCodeOf(error: unknown): ErrorCode {
  if (error instanceof Deno.errors.NotCapable) return "not_permitted";
  return ERROR_CODES[systemCode(error) ?? ""] ?? "io_error";
}

/** Whether an operation failed because we closed what it ran on. */
export function isOwnClose(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

/** Closes what may be closed already. */
export function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!isOwnClose(error)) throw error;
  }
}

/** Whether the system has no descriptors or buffers left. */
export function isShortage(error: unknown): boolean {
  const code = systemCode(error);
  return code === "EMFILE" || code === "ENFILE" || code === "ENOBUFS" || code === "ENOMEM";
}

/** Whether `accept` failed for the sake of one connection, so that the next may be accepted at once. */
export function isAcceptTransient(error: unknown): boolean {
  return ACCEPT_TRANSIENT.has(systemCode(error));
}

/** Whether a failed send lost its datagram and no more. */
export function isDatagramTransient(error: unknown): boolean {
  return DATAGRAM_TRANSIENT.has(systemCode(error));
}

/** Whether the system knows no IPv6. */
export function isNoIpv6(error: unknown): boolean {
  return systemCode(error) === "EAFNOSUPPORT";
}

function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
