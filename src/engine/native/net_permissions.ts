/**
 * What `--allow-net` says, for an engine whose system calls go around it.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import { MAX_CACHED_PERMISSIONS } from "../../model/limits.ts";
import { formatHostPort } from "../../proto/ip.ts";
import type { NetPermissions } from "./worker_context.ts";

/** Asks Deno for each address, once for as long as it is remembered. Never prompts. */
export class DenoNetPermissions implements NetPermissions {
  /** Nothing is listed, so nothing can be missing from the list. */
  readonly #isUnrestricted: boolean;
  readonly #known = new Map<string, boolean>();

  constructor() {
    const { state, partial } = Deno.permissions.querySync({ name: "net" });
    // Partial: granted but for what --deny-net lists.
    this.#isUnrestricted = state === "granted" && !partial;
  }

  allows(address: SocketAddress): boolean {
    if (this.#isUnrestricted) return true;
    const host = formatHostPort(address);
    let isGranted = this.#known.get(host);
    if (isGranted === undefined) {
      isGranted = Deno.permissions.querySync({ name: "net", host }).state === "granted";
      if (this.#known.size >= MAX_CACHED_PERMISSIONS) this.#known.clear();
      this.#known.set(host, isGranted);
    }
    return isGranted;
  }
}
