/**
 * Why an address cannot be listened on, and what to do about it.
 *
 * @module
 */

import type { ListenerSpec } from "../model/snapshot.ts";
import { formatHostPort } from "../proto/ip.ts";

/** An address that cannot be bound. `message` says which and why, `hint` what a person can do. */
export class ListenError extends Error {
  /** Tells this error from others. */
  override readonly name = "ListenError";
  /** What was to be listened on. */
  readonly spec: ListenerSpec;
  /** What a person can do about it, in one sentence without a full stop. */
  readonly hint: string;

  /** Puts into words what the system or Deno reported as `cause`. */
  constructor(spec: ListenerSpec, cause: unknown) {
    const { reason, hint } = explain(spec, cause);
    super(`Cannot listen on ${spec.transport} "${formatHostPort(spec.address)}": ${reason}`, {
      cause,
    });
    this.spec = spec;
    this.hint = hint;
  }
}

function explain(spec: ListenerSpec, cause: unknown): { reason: string; hint: string } {
  const { transport, address } = spec;
  if (cause instanceof Deno.errors.NotCapable) {
    return {
      reason: "not permitted by --allow-net",
      hint: `Start deno with "--allow-net", or add "${formatHostPort(address)}" to its list`,
    };
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return {
      reason: "permission denied",
      hint: address.port < 1024
        ? `Ports below 1024 are for root: give the process CAP_NET_BIND_SERVICE, or lower the limit with ` +
          `"sysctl net.ipv4.ip_unprivileged_port_start=${address.port}", or listen on a higher port`
        : "The system refuses this port to this user: look for a security policy (SELinux, AppArmor)",
    };
  }
  if (cause instanceof Deno.errors.AddrInUse) {
    return {
      reason: "address already in use",
      hint: `Another program, or another copy of this one, holds the port: find it with ` +
        `"ss -${transport === "tcp" ? "t" : "u"}lnp sport = :${address.port}"`,
    };
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return {
      reason: "no interface of this machine has the address",
      hint: `See the addresses with "ip address", or listen on all of them: ` +
        `listen_address_${address.host.includes(":") ? 'v6 = "::"' : 'v4 = "0.0.0.0"'}`,
    };
  }
  if (transport === "udp" && Deno.listenDatagram === undefined) {
    return {
      reason: "Deno's UDP interface is not enabled",
      hint: `Start deno with "--unstable-net"; the project's deno.json does so by itself`,
    };
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { reason, hint: "The system reported this; it is no error that this program knows" };
}
