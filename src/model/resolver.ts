/**
 * How a flow's target gets its addresses: asked by the engines, answered by the control plane.
 *
 * @module
 */

import type { SocketAddress } from "./address.ts";
import type { ErrorCode } from "./errors.ts";
import type { Target } from "./snapshot.ts";

/** The addresses of a target, or why there are none. */
export type Resolution =
  | { readonly kind: "resolved"; readonly addresses: readonly SocketAddress[] }
  | { readonly kind: "failed"; readonly error: ErrorCode };

/** Finds the addresses of targets. Implemented by the control plane's DNS cache. */
export interface TargetResolver {
  /** What is known at once: an IP target, or a fresh cache entry. Null when a look-up is needed. */
  peek(target: Target): readonly SocketAddress[] | null;
  /** Looks up; one look-up a name is in flight however many ask. Never rejects. */
  resolve(target: Target): Promise<Resolution>;
}
