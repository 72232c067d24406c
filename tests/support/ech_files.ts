/**
 * Configurations that hold keys for ECH, with their key files, in a folder of a test's own.
 *
 * @module
 */

import { encodeEchKeyFile } from "../../src/control/ech/key_file.ts";
import type { EchKey } from "../../src/model/ech.ts";
import { encodeEchConfigList } from "../../src/proto/ech/config.ts";
import type { TempDir } from "./temp_dir.ts";

/** The list that is published for some keys. */
export function configList(...keys: readonly EchKey[]): Uint8Array {
  return encodeEchConfigList(keys.map(({ config }) => config));
}

/** The key file of a key. */
export function keyFile(key: EchKey): string {
  return encodeEchKeyFile({ ...key, configList: configList(key) });
}

/** A table of a service, with these keys in `ech-ID.pem` and these lines besides. */
export function echTable(name: string, keys: readonly EchKey[], ...lines: readonly string[]) {
  const files = keys.map(({ configId }) => `"ech-${configId}.pem"`).join(", ");
  return [
    `[protocols.${name}]`,
    `protocol = "${name.startsWith("quic") ? "quic" : "tls"}"`,
    `server_names = ["${keys[0]?.publicName}"]`,
    'target = ["127.0.0.1:444"]',
    `[protocols.${name}.ech]`,
    `key_files = [${files}]`,
    ...lines,
  ].join("\n");
}

/** Writes the key files and the configuration, and returns its path. */
export async function writeEchConfig(
  dir: TempDir,
  keys: readonly EchKey[],
  ...tables: readonly string[]
): Promise<string> {
  for (const key of keys) await dir.write(`ech-${key.configId}.pem`, keyFile(key), 0o600);
  return await dir.write("config.toml", ["listen_port = 443", ...tables, ""].join("\n"));
}
