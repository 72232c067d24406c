/**
 * What services make of Encrypted Client Hello, as tables for the operator. Has inner names; never a key.
 *
 * @module
 */

import type { EchCipherSuite, EchRejection, EchSettings } from "../../../model/ech.ts";
import type { RouteTable, Service } from "../../../model/snapshot.ts";
import { aeadById, kdfById } from "../../../proto/hpke/suites.ts";
import { patternsOf, servicesOf, some } from "../route_rows.ts";
import type { NamedFile } from "../settings.ts";

/** Tables with their headings; none where no service has keys. */
export function echTables(routes: RouteTable, files: readonly NamedFile[]): string[][][] {
  const services = routes.sought.flatMap((protocol) => servicesOf(protocol, routes))
    .flatMap(({ name, ech }) => ech === undefined ? [] : [{ name, ech }]);
  if (services.length === 0) return [];
  return [
    [KEY_HEADING, ...services.flatMap(({ name, ech }) => keyRows(name, ech))],
    [NAME_HEADING, ...services.flatMap(({ name, ech }) => nameRows(name, ech))],
    [REST_HEADING, ...services.map(({ name, ech }) => restRow(name, ech, files))],
  ];
}

const KEY_HEADING = ["service", "config_id", "KEM", "public name", "suites"];
const NAME_HEADING = ["service", "inner names", "targets", "balance"];
const REST_HEADING = ["service", "rejected hellos", "retired ids", "tries", "logs names", "files"];

function keyRows(name: string, { keys }: EchSettings): string[][] {
  return keys.map(({ configId, kem, publicName, suites }) => [
    name,
    String(configId),
    KEM_NAMES[kem],
    publicName,
    some(suites.map(describeSuite)),
  ]);
}

function describeSuite({ kdf, aead }: EchCipherSuite): string {
  return `${kdfById(kdf)?.hash ?? kdf}/${aeadById(aead)?.cipher ?? aead}`;
}

const KEM_NAMES = { x25519: "X25519", p256: "P-256" } as const;

function nameRows(name: string, { names }: EchSettings): string[][] {
  const services = new Map<Service, string[]>();
  for (const [pattern, service] of patternsOf(names)) {
    services.set(service, [...services.get(service) ?? [], pattern]);
  }
  return [...services].map(([{ targets, loadBalance }, patterns]) => [
    name,
    some(patterns),
    some(targets.map(({ label }) => label)),
    loadBalance,
  ]);
}

function restRow(name: string, ech: EchSettings, files: readonly NamedFile[]): string[] {
  const own = files.filter(({ service }) => service === name).map(({ path }) => path);
  return [
    name,
    describeRejection(ech.onReject),
    some(ech.retiredConfigIds.map(String)) || "none",
    ech.trialDecryption ? "all keys" : "by config_id",
    ech.logInnerNames ? "yes" : "no",
    some(own, 8) || "none",
  ];
}

function describeRejection(rejection: EchRejection): string {
  if (rejection.kind !== "retry" || rejection.plaintext === null) return rejection.kind;
  return `retry, else in the clear to ${
    some(rejection.plaintext.targets.map(({ label }) => label))
  }`;
}
