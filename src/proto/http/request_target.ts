/**
 * What the target of an HTTP request says of host and path (RFC 9112 §3.2).
 *
 * @module
 */

import { canonicalHostName } from "../host_name.ts";

/** Bytes of a target from its start that are looked at: enough for any host, and for the path that rules look at. */
export const MAX_TARGET = 1024;

/** Longest path that is told; of a longer one, its beginning. */
const MAX_PATH = 255;

/** Longest authority that is looked at: a name, a port, and what may stand before them. */
const MAX_AUTHORITY = 512;

const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)([^]*)$/;

/** The parts of a target; null for each that it does not have. */
export interface RequestTarget {
  /** Host and port. A request that has them here is for no other host, whatever its header says (RFC 9112 §3.2.2). */
  readonly authority: string | null;
  /** Path without the query. */
  readonly path: string | null;
}

/** Reads a target in any of its four forms. */
export function parseRequestTarget(method: string, target: string): RequestTarget {
  if (method === "CONNECT") return { authority: target, path: null };
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute === null) return { authority: null, path: pathOf(target) };
  const [, authority = "", rest = ""] = absolute;
  return {
    // A user name is not allowed here (RFC 9110 §4.2.4), but the host is behind it all the same.
    authority: authority.slice(authority.lastIndexOf("@") + 1),
    path: pathOf(rest.startsWith("/") ? rest : `/${rest}`),
  };
}

/** The path of a target in origin form, null where it is in another. */
export function pathOf(target: string): string | null {
  if (!target.startsWith("/")) return null;
  const end = target.search(/[?#]/);
  return target.slice(0, Math.min(end < 0 ? target.length : end, MAX_PATH));
}

/** The host of an authority as a name, without the port; null where it is none, such as an IPv6 address. */
export function hostOf(authority: string): string | null {
  if (authority.length > MAX_AUTHORITY) return null;
  return canonicalHostName(authority.replace(/:[0-9]*$/, ""));
}
