/**
 * `rpxy-l4 ech generate`: makes a key and says what goes where.
 *
 * @module
 */

import { loadConfig } from "../../app/config_file.ts";
import { SUCCESS } from "../exit_codes.ts";
import { UsageError } from "../usage_error.ts";
import type { EchGenerate } from "./command.ts";
import { usedConfigIds } from "./held_keys.ts";
import {
  keySection,
  listSection,
  pathInConfig,
  recordSections,
  section,
  tomlString,
} from "./instructions.ts";
import { type StoredKey, storeNewKey } from "./new_key.ts";

/** Stands for the private name where none was said. */
const EXAMPLE_NAME = "private.example";

/** Shown where no port was said, beside {@linkcode HTTPS_PORT}, because the record looks different. */
const EXAMPLE_PORT = 8443;
const HTTPS_PORT = 443;

/**
 * Makes a key, writes its file or prints it, and prints what goes into the configuration and into DNS.
 *
 * @throws {ConfigFileError | FileError | UsageError}
 */
export async function generate(
  command: EchGenerate,
  out: (text: string) => void,
): Promise<number> {
  const { config, configId, publicName } = command;
  const taken = config === null
    ? new Set<number>()
    : usedConfigIds((await loadConfig(config)).snapshot);
  if (configId !== null && taken.has(configId)) {
    throw new UsageError(`"${config}" has config_id ${configId} already: say another, or none`);
  }
  const names = command.names.length > 0 ? command.names : [EXAMPLE_NAME];
  const stored = await storeNewKey(
    {
      kem: command.kem ?? "x25519",
      configId,
      publicName,
      maximumNameLength: command.maximumNameLength ?? longest(command.names),
    },
    taken,
    command.out,
  );
  out([
    keySection(stored),
    configSection(stored, names, config),
    listSection(stored),
    recordSections(
      [command.port ?? [HTTPS_PORT, EXAMPLE_PORT]].flat().flatMap((port) =>
        names.map((name) => ({
          name,
          port,
          alpn: command.alpn.length > 0 ? command.alpn : ["h2"],
          configList: stored.key.configList,
        }))
      ),
    ),
  ].join("\n"));
  return SUCCESS;
}

/** Length to which clients pad names (RFC 9849 §6.1.3); 0, where no name is known, leaves it to them. */
function longest(names: readonly string[]): number {
  return Math.max(0, ...names.map(({ length }) => length));
}

function configSection(stored: StoredKey, names: readonly string[], config: string | null): string {
  const { publicName } = stored.key;
  const quoted = names.map(tomlString).join(", ");
  return section(["Configuration: NAME is that of the service for the public name"], [
    "[protocols.NAME]",
    'protocol = "tls"',
    `server_names = [${tomlString(publicName)}]`,
    'target = ["10.0.0.2:443"] # the public site',
    "",
    "[protocols.NAME.ech]",
    `key_files = [${tomlString(pathInConfig(stored, config))}]`,
    `private = [{ names = [${quoted}], target = ["10.0.0.5:443"] }] # the private sites`,
  ]);
}
