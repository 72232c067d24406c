/**
 * The PROXY protocol of HAProxy, versions 1 and 2: a header in front of a connection that tells for whom it is made.
 *
 * @module
 */

import type { Verdict } from "../model/verdict.ts";
import type { ProxiedConnection, ProxyHeader } from "./proxy_protocol/header.ts";
import { encodeV1, parseV1 } from "./proxy_protocol/v1.ts";
import { encodeV2, parseV2 } from "./proxy_protocol/v2.ts";

export type { ProxiedConnection, ProxyHeader } from "./proxy_protocol/header.ts";

/** Reads a header of either version from the first bytes of a connection; ends within `MAX_PROXY_HEADER` bytes. */
export function parseProxyHeader(head: Uint8Array): Verdict<ProxyHeader> {
  const verdict = parseV1(head);
  return verdict.kind === "noMatch" ? parseV2(head) : verdict;
}

/**
 * The header for a connection. Where source and destination are of different families, the IPv4 one is written in its
 * IPv4-mapped form. TLVs go with version 2 only and keep their order; a checksum among them is computed anew, as it
 * covers the whole header.
 */
export function encodeProxyHeader(version: "v1" | "v2", connection: ProxiedConnection): Uint8Array {
  return version === "v1" ? encodeV1(connection) : encodeV2(connection);
}
