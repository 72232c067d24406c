/**
 * The keys for Encrypted Client Hello that a configuration holds.
 *
 * @module
 */

import type { EchKey, EchSettings } from "../../model/ech.ts";
import type { Service, Snapshot } from "../../model/snapshot.ts";
import { allServices } from "../../pipeline/services.ts";
import { UsageError } from "../usage_error.ts";

/** A service that opens hellos. */
export interface EchService extends Service {
  readonly ech: EchSettings;
}

/** All of them, in the order of the file. */
export function echServices(snapshot: Snapshot): EchService[] {
  return allServices(snapshot).filter((service): service is EchService =>
    service.ech !== undefined
  );
}

/** Values of config_id that clients may come with: those of keys, and those that are retired. */
export function usedConfigIds(snapshot: Snapshot): Set<number> {
  return new Set(
    echServices(snapshot).flatMap(({ ech }) => [
      ...ech.keys.map(({ configId }) => configId),
      ...ech.retiredConfigIds,
    ]),
  );
}

/** Most ports that records are made or asked for: each is a record of its own for every name. */
const MAX_PORTS = 16;

/**
 * The ports that clients come to.
 *
 * @param said by the person; null: those that are listened on
 * @throws {UsageError} when there are too many
 */
export function clientPorts({ listeners }: Snapshot, said: number | null): number[] {
  if (said !== null) return [said];
  const ports = [...new Set(listeners.map(({ address }) => address.port))];
  if (ports.length <= MAX_PORTS) return ports;
  throw new UsageError(
    `The configuration has ${ports.length} ports, each with records of its own: ` +
      'say with "--port" which one clients come to',
  );
}

/** The keys of some services, each once. */
export function keysOf(services: readonly EchService[]): EchKey[] {
  const keys = new Map<string, EchKey>();
  for (const key of services.flatMap(({ ech }) => ech.keys)) keys.set(key.config.toHex(), key);
  return [...keys.values()];
}

/** Names that stand for many, and so cannot be looked up: `*.example`, `.example`; each once. */
export function privatePatterns(services: readonly EchService[]): string[] {
  const patterns = services.flatMap(({ ech: { names: { wildcard, suffix } } }) => [
    ...[...wildcard.keys()].map((name) => `*.${name}`),
    ...[...suffix.keys()].map((name) => `.${name}`),
  ]);
  return [...new Set(patterns)];
}

/** Private names that stand for themselves, each once. */
export function privateNames(services: readonly EchService[]): string[] {
  return [...new Set(services.flatMap(({ ech }) => [...ech.names.exact.keys()]))];
}

/** Public names of the keys, each once. */
export function publicNames(services: readonly EchService[]): string[] {
  return [...new Set(keysOf(services).map(({ publicName }) => publicName))];
}
