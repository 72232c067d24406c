/**
 * What messages call targets that are known by names which Encrypted Client Hello hides.
 *
 * @module
 */

import type { Service, Snapshot, Target } from "../model/snapshot.ts";
import { allServices } from "../pipeline/services.ts";

/** `"10.0.0.2:443"`, or `a private target of "web"`. */
export function targetInWords({ name, isPrivate }: Service, { label }: Target): string {
  return isPrivate ? `a private target of "${name}"` : `"${label}"`;
}

/**
 * Names that no message may have, with what stands in their place.
 *
 * @param before those of the snapshot before, whose flows may go on
 */
export function hiddenNames(
  snapshot: Pick<Snapshot, "tcp" | "udp">,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const hidden = new Map(before);
  const services = allServices(snapshot);
  for (const service of services.filter(({ isPrivate }) => isPrivate)) {
    for (const target of service.targets) {
      if (!target.isIp) hidden.set(target.host, targetInWords(service, target));
    }
  }
  for (const { targets } of services.filter(({ isPrivate }) => !isPrivate)) {
    for (const { host } of targets) hidden.delete(host);
  }
  return hidden;
}
