/**
 * Finding a target's addresses without promises: what a data plane asks for that never waits.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { Resolution, TargetResolver } from "../model/resolver.ts";
import type { Target } from "../model/snapshot.ts";

/** Finds the addresses of targets, and calls back. */
export interface TargetLookUp {
  /** What is known at once; null when a look-up is needed. */
  peek(target: Target): readonly SocketAddress[] | null;
  /** Looks up, and calls `answer` once, after this call has returned. */
  lookUp(target: Target, answer: (resolution: Resolution) => void): void;
}

/** Look-ups by a resolver that promises. */
export function targetLookUp(resolver: TargetResolver): TargetLookUp {
  return {
    peek: (target) => resolver.peek(target),
    lookUp: (target, answer) => {
      resolver.resolve(target).then(answer);
    },
  };
}
