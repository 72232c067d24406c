/**
 * What a snapshot's look-up tables hold, as plain collections.
 *
 * @module
 */

import type { Service, Snapshot, Target } from "../model/snapshot.ts";

type Routes = Pick<Snapshot, "tcp" | "udp">;

/**
 * Each service of a snapshot once, in the order of the file. Behind one with an `ech` table come those that its inner names
 * lead to, and the one for what is said in the clear.
 */
export function allServices(routes: Routes): Service[] {
  return routedServices(routes).flatMap((service) => [service, ...behindEch(service)]);
}

/** The same without those behind ECH: what is routed to by what is seen of a flow. */
export function routedServices({ tcp, udp }: Routes): Service[] {
  const services = new Set<Service>();
  for (const { fallback, conditional, byName, byProtocol } of [tcp, udp]) {
    for (const service of byProtocol.values()) services.add(service);
    for (const { service } of [...conditional.values()].flat()) services.add(service);
    for (const { any, exact, wildcard, suffix } of byName.values()) {
      const tables = [any, ...exact.values(), ...wildcard.values(), ...suffix.values()];
      for (const { byAlpn, bare } of tables) {
        for (const service of byAlpn.values()) services.add(service);
        if (bare !== null) services.add(bare);
      }
    }
    if (fallback !== null) services.add(fallback);
  }
  return [...services].sort((a, b) => a.order - b.order);
}

/** Services that only a hello with ECH leads to. */
export function behindEch({ ech }: Service): Iterable<Service> {
  if (ech === undefined) return [];
  const { names: { exact, wildcard, suffix }, onReject } = ech;
  const services = new Set([...exact.values(), ...wildcard.values(), ...suffix.values()]);
  if (onReject.kind === "retry" && onReject.plaintext !== null) services.add(onReject.plaintext);
  return services;
}

/** Each target of a snapshot once. */
export function allTargets(routes: Routes): Target[] {
  const targets = new Map<string, Target>();
  for (const service of allServices(routes)) {
    for (const target of service.targets) targets.set(target.label, target);
  }
  return [...targets.values()];
}
