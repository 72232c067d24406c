/**
 * In which order the targets of a service are tried.
 *
 * Rendezvous (highest random weight) hashing: each target gets a weight from the client's key and its own label, and
 * the heaviest comes first. So the order depends on nothing but these two, is the same after a restart and on every
 * replica, and a target that goes away moves only the clients that it had, evenly to all others.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { Service, Target } from "../model/snapshot.ts";

/**
 * All targets of a service, the one to try first in front, the others in fail-over order.
 *
 * @param source the client
 * @param seed a random 32-bit integer, which `random` draws its order from
 */
export function orderTargets(
  service: Service,
  source: SocketAddress,
  seed: number,
): readonly Target[] {
  return order(service.targets, hashTarget, service, source, seed);
}

/** The addresses of one name, ordered by the same policy as the targets of its service. */
export function orderAddresses(
  addresses: readonly SocketAddress[],
  service: Service,
  source: SocketAddress,
  seed: number,
): readonly SocketAddress[] {
  return order(addresses, hashAddress, service, source, seed);
}

function order<T>(
  items: readonly T[],
  hashOf: (item: T) => number,
  service: Service,
  source: SocketAddress,
  seed: number,
): readonly T[] {
  if (items.length < 2) return items;
  switch (service.loadBalance) {
    case "none":
      return items;
    case "source_ip":
      return byWeight(items, hashOf, hashString(source.host));
    case "source_socket":
      return byWeight(items, hashOf, hashAddress(source));
    case "random":
      return byWeight(items, hashOf, mix(seed));
  }
}

function byWeight<T>(items: readonly T[], hashOf: (item: T) => number, key: number): readonly T[] {
  return items
    .map((item) => ({ item, weight: weightOf(key, hashOf(item)) }))
    .sort((a, b) => b.weight - a.weight) // stable: equal labels keep the order of the file
    .map(({ item }) => item);
}

/** Two rounds: after one, the weights of two targets would differ by the same bits for half of all keys. */
function weightOf(key: number, item: number): number {
  return mix(mix(key ^ item) + item | 0) >>> 0;
}

function hashTarget(target: Target): number {
  return hashString(target.label);
}

function hashAddress(address: SocketAddress): number {
  return mix(hashString(address.host) + address.port | 0);
}

/** FNV-1a over the code units, with a finalizer because its upper bits alone hardly depend on the last characters. */
function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(hash);
}

/** A bijection of 32-bit integers in which each input bit turns over about half of the output bits (MurmurHash3 `fmix32`). */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
