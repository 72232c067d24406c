/**
 * The routes of a snapshot as flows that are known by an ID find them again.
 *
 * @module
 */

import type { EchSettings } from "../model/ech.ts";
import type { RouteTable, Service, Snapshot, Target } from "../model/snapshot.ts";
import { containsHost } from "./conditions.ts";
import { type RouteKey, routeKey } from "./flow_id_table.ts";
import { behindEch, routedServices } from "./services.ts";

/** A target of a service. */
export interface KnownRoute {
  readonly service: Service;
  readonly target: Target;
  /** What the hellos of its clients are opened with, where inner names alone lead to it. */
  readonly ech?: EchSettings;
}

/** The key by which another snapshot, or another thread, finds a route again. */
export function keyOfRoute({ service, target }: KnownRoute): RouteKey {
  return routeKey(`${service.protocol ?? ""} ${service.name}`, target.label);
}

/** The route with a key, if the snapshot has it still. Compiled once for a table of routes, and gone with it. */
export function findRoute({ tcp, udp }: Snapshot, { high, low }: RouteKey): KnownRoute | null {
  let routes = compiled.get(udp);
  if (routes === undefined) {
    routes = new Map(
      udpRoutes({ tcp, udp }).map((route) => [inOne(keyOfRoute(route)), route]),
    );
    compiled.set(udp, routes);
  }
  return routes.get(inOne({ high, low })) ?? null;
}

/**
 * Whether a client may have a service as far as its address goes. Everything else that a rule asks for was looked at when
 * the flow began; the address is another one now. What holds for a service holds for those behind its inner names, which
 * have its name.
 */
export function admitsSource({ conditional }: RouteTable, service: Service, host: string): boolean {
  const rules = service.protocol === null ? [] : conditional.get(service.protocol) ?? [];
  const rule = rules.find((candidate) => candidate.service.name === service.name);
  return rule === undefined ||
    rule.conditions.every((condition) =>
      condition.kind !== "sources" || containsHost(condition.blocks, host)
    );
}

/** All routes. Of two with the same key the last one counts: a target that outer names lead to as well is not hidden. */
function udpRoutes(routes: Pick<Snapshot, "tcp" | "udp">): KnownRoute[] {
  const services = routedServices(routes).filter(({ transport }) => transport === "udp");
  const hidden = services.flatMap((service) =>
    [...behindEch(service)].flatMap((inner) => routesOf(inner, service.ech))
  );
  return [...hidden, ...services.flatMap((service) => routesOf(service))];
}

function routesOf(service: Service, ech?: EchSettings): KnownRoute[] {
  return service.targets.map((target) => ({ service, target, ...(ech && { ech }) }));
}

const compiled = new WeakMap<RouteTable, Map<number, KnownRoute>>();

/** 53 bits of the key. */
function inOne({ high, low }: RouteKey): number {
  return (high >>> 11) * 2 ** 32 + low;
}
