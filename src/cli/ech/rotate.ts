/**
 * `rpxy-l4 ech rotate`: makes the next key, and says in which order what is to be changed. It changes nothing itself: the
 * configuration is the person's, comments and all, and a step that comes too early turns clients away.
 *
 * @module
 */

import { parseConfigFile, readConfigFile } from "../../app/config_file.ts";
import { encodeEchConfigList, parseEchConfigList } from "../../proto/ech/config.ts";
import { SUCCESS } from "../exit_codes.ts";
import { UsageError } from "../usage_error.ts";
import { announce, parseResolver } from "./choose_resolver.ts";
import type { EchRotate } from "./command.ts";
import {
  clientPorts,
  type EchService,
  echServices,
  keysOf,
  privateNames,
  usedConfigIds,
} from "./held_keys.ts";
import { recordName } from "./https_record.ts";
import { keySourcesOf } from "./key_sources.ts";
import { type NewKeySpec, storeNewKey } from "./new_key.ts";
import { askTtl, type RecordTtl } from "./record_ttl.ts";
import { rotationSteps } from "./rotation_steps.ts";

/**
 * Makes a key beside those in use, writes its file or prints it, and prints what to do with it.
 *
 * @throws {ConfigFileError | FileError | UsageError}
 */
export async function rotate(
  command: EchRotate & { readonly config: string },
  out: (text: string) => void,
): Promise<number> {
  const { config, configId } = command;
  const text = await readConfigFile(config);
  const { snapshot } = parseConfigFile(text, config);
  const services = pickServices(echServices(snapshot), command.service);
  const taken = usedConfigIds(snapshot);
  if (configId !== null && taken.has(configId)) {
    throw new UsageError(`config_id ${configId} is held or retired: say another, or none`);
  }
  const ports = clientPorts(snapshot, command.port);
  const names = privateNames(services);
  const owners = names.flatMap((name) => ports.map((port) => recordName(name, port)));
  const ttl = await findTtl(command, owners, out);
  const stored = await storeNewKey(
    { ...nextSpec(services, names), ...said(command), configId },
    taken,
    command.out,
  );
  out(rotationSteps({
    stored,
    config,
    tables: [...new Set(services.map(({ name }) => name))].map((name) => ({
      name,
      ...keySourcesOf(text, name),
    })),
    services,
    ports,
    ttl,
    now: new Date(),
  }));
  return SUCCESS;
}

/** The services that share keys with the one that was said, or all where these share them. */
function pickServices(all: readonly EchService[], name: string | null): EchService[] {
  const names = [...new Set(all.map((service) => `"${service.name}"`))].join(", ");
  const first = all.find((service) => name === null || service.name === name);
  if (first === undefined) {
    throw new UsageError(
      name === null || all.length === 0
        ? 'The configuration has no ech table: make its first key with "rpxy-l4 ech generate"'
        : `There is no service "${name}" with an ech table: there is ${names}`,
    );
  }
  const own = new Set(first.ech.keys.map(({ config }) => config.toHex()));
  const sharing = all.filter(({ ech }) => ech.keys.some(({ config }) => own.has(config.toHex())));
  if (name !== null || sharing.length === all.length) return sharing;
  throw new UsageError(`${names} have keys of their own: say with "--service" which one is meant`);
}

/** A key like the first one that there is. */
function nextSpec(
  services: readonly EchService[],
  names: readonly string[],
): Omit<NewKeySpec, "configId"> {
  const [first] = keysOf(services);
  if (first === undefined) throw new Error("An ech table without a key"); // the configuration was checked
  const verdict = parseEchConfigList(encodeEchConfigList([first.config]));
  const [config] = verdict.kind === "match" ? verdict.value : [];
  const before = config?.kind === "config" ? config.maximumNameLength : 0;
  return {
    kem: first.kem,
    publicName: first.publicName,
    maximumNameLength: Math.max(before, ...names.map(({ length }) => length)),
  };
}

function said({ kem, publicName, maximumNameLength }: EchRotate): Partial<NewKeySpec> {
  return {
    ...(kem !== null && { kem }),
    ...(publicName !== null && { publicName }),
    ...(maximumNameLength !== null && { maximumNameLength }),
  };
}

/** Nobody is asked who was not named: names may be secret, and the system's resolver is asked in the clear. */
async function findTtl(
  { ttl, resolver }: EchRotate,
  owners: readonly string[],
  out: (text: string) => void,
): Promise<RecordTtl> {
  if (ttl !== null) return { seconds: ttl, from: "as you say" };
  if (resolver === null) return { seconds: null, from: "neither --ttl nor --resolver says it" };
  const asked = parseResolver(resolver);
  out(`${announce(asked, owners.length > 0)}\n`);
  return await askTtl(asked, owners);
}
