/**
 * Which backend a QUIC connection ID names that was written for load balancers.
 *
 * @module
 */

import type { QuicLbConfig, RouteTable, Service, Snapshot } from "../model/snapshot.ts";
import { hasShortHeader, longDestinationId } from "../proto/quic/connection_ids.ts";
import { configRotation, readServerId, type RoutableIdFormat } from "../proto/quic/routable_id.ts";
import { admitsSource, type KnownRoute } from "./known_routes.ts";
import { allServices } from "./services.ts";

/** How IDs with one rotation code are read. */
interface RoutableIds {
  readonly format: RoutableIdFormat;
  /** By server ID in hexadecimal digits. */
  readonly servers: ReadonlyMap<string, KnownRoute>;
}

/**
 * The route that the connection ID of a client's datagram names; null where it names none, or not for this client. To be
 * asked of what is nothing else: the IDs that clients make up for themselves may name a server by chance.
 */
export function findNamedRoute(
  datagram: Uint8Array,
  snapshot: Snapshot,
  source: string,
): KnownRoute | null {
  const formats = routableIds(snapshot);
  if (formats.size === 0) return null;
  // Where the ID of a short header ends, its format tells.
  const id = hasShortHeader(datagram) ? datagram.subarray(1) : longDestinationId(datagram);
  if (id === null) return null;
  const ids = formats.get(configRotation(id));
  const server = ids && readServerId(id, ids.format);
  const route = server && ids.servers.get(server.toHex());
  return route && admitsSource(snapshot.udp, route.service, source) ? route : null;
}

const compiled = new WeakMap<RouteTable, ReadonlyMap<number, RoutableIds>>();

/** By rotation code: compiled once for a table of routes, and gone with it. */
function routableIds({ tcp, udp }: Snapshot): ReadonlyMap<number, RoutableIds> {
  let formats = compiled.get(udp);
  if (formats === undefined) {
    const all = allServices({ tcp, udp }).flatMap((service) =>
      (service.quicLb ?? []).map((config) =>
        [config.configRotation, compile(service, config)] as const
      )
    );
    formats = new Map(all);
    compiled.set(udp, formats);
  }
  return formats;
}

function compile(service: Service, config: QuicLbConfig): RoutableIds {
  const { serverIdLength, nonceLength, key, servers } = config;
  const routes = Array.from(servers, ([id, target]) => [id, { service, target }] as const);
  return {
    format: { serverIdLength, nonceLength, key: key === null ? null : Uint8Array.fromHex(key) },
    servers: new Map(routes),
  };
}
