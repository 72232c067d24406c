/**
 * Configurations with an `ech` table, and the files that they name.
 *
 * @module
 */

import type { Surroundings } from "../../src/control/config/named_file.ts";
import { encodeEchKeyFile } from "../../src/control/ech/key_file.ts";
import type { EchKey } from "../../src/model/ech.ts";
import { encodeEchConfigList } from "../../src/proto/ech/config.ts";

/** The list that clients of these keys have, in base64. */
export function configList(...keys: readonly EchKey[]): string {
  return encodeEchConfigList(keys.map(({ config }) => config)).toBase64();
}

/** A key file as OpenSSL writes it. */
export function keyFile({ kem, privateKey, config }: EchKey): string {
  return encodeEchKeyFile({ kem, privateKey, configList: encodeEchConfigList([config]) });
}

/** Files by their path as the configuration has it, read at a time. */
export function files(texts: Readonly<Record<string, string>>, now = Date.now()): Surroundings {
  const read = (path: string) => {
    const text = texts[path];
    return text === undefined ? { failure: "no such file" } : { text };
  };
  return { read, now };
}
