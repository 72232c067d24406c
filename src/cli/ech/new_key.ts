/**
 * New keys for Encrypted Client Hello, and the files that they are kept in.
 *
 * @module
 */

import { join } from "node:path";
import { encodeEchKeyFile } from "../../control/ech/key_file.ts";
import type { EchCipherSuite, EchKem } from "../../model/ech.ts";
import { encodeEchConfig, encodeEchConfigList } from "../../proto/ech/config.ts";
import { keyPairFromSeed } from "../../proto/hpke/key.ts";
import { HPKE_KEMS } from "../../proto/hpke/suites.ts";
import { UsageError } from "../usage_error.ts";
import { FileError } from "./file_error.ts";

/** What a key is made for. */
export interface NewKeySpec {
  readonly kem: EchKem;
  readonly configId: number;
  readonly publicName: string;
  /** 0 where it is not known. */
  readonly maximumNameLength: number;
}

/** A new key. */
export interface NewKey {
  readonly configId: number;
  readonly publicName: string;
  /** ECHConfigList with its one configuration. */
  readonly configList: Uint8Array;
  /** The key file, private key included. */
  readonly pem: string;
}

/**
 * What every client of RFC 9849 must have (§9), and what costs those less whose processor has no instructions for AES.
 */
const SUITES: readonly EchCipherSuite[] = [{ kdf: 1, aead: 1 }, { kdf: 1, aead: 3 }];

/** Bytes of chance that a key follows from (RFC 9180 §7.1.3: at least the length of a private key). */
const SEED_LENGTH = 32;

const CONFIG_IDS = 256;

/** Makes a key by chance. */
function makeKey({ kem, configId, publicName, maximumNameLength }: NewKeySpec): NewKey {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH));
  const { privateKey, publicKey } = keyPairFromSeed(kem, seed);
  const config = encodeEchConfig({
    configId,
    kem: HPKE_KEMS[kem].id,
    publicKey,
    suites: SUITES,
    maximumNameLength,
    publicName,
    extensions: [],
  });
  const configList = encodeEchConfigList([config]);
  return {
    configId,
    publicName,
    configList,
    pem: encodeEchKeyFile({ kem, privateKey, configList }),
  };
}

/** Name of the file of a key. */
export function keyFileName(configId: number): string {
  return `ech-${configId}.pem`;
}

/** Where a new key went; `path` is null where it is to be printed. */
export interface StoredKey {
  readonly key: NewKey;
  readonly path: string | null;
}

/**
 * Makes a key and writes its file, which only its owner may read.
 *
 * @param spec without a config_id: one that is not taken is chosen
 * @param directory null: no file is written
 * @throws {FileError} when the file cannot be written, or is there already
 */
export async function storeNewKey(
  spec: Omit<NewKeySpec, "configId"> & { readonly configId: number | null },
  taken: ReadonlySet<number>,
  directory: string | null,
): Promise<StoredKey> {
  const passedOver = new Set(taken);
  while (true) {
    const configId = spec.configId ?? pickConfigId(passedOver);
    const key = makeKey({ ...spec, configId });
    if (directory === null) return { key, path: null };
    const path = join(directory, keyFileName(configId));
    try {
      await Deno.writeTextFile(path, key.pem, { createNew: true, mode: 0o600 });
      return { key, path };
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AlreadyExists;
      if (!isTaken || spec.configId !== null) throw new FileError("write", path, error);
      passedOver.add(configId);
    }
  }
}

/** A config_id that is not taken, by chance, so that it tells nothing. */
function pickConfigId(taken: ReadonlySet<number>): number {
  const free = Array.from({ length: CONFIG_IDS }, (_, id) => id).filter((id) => !taken.has(id));
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  const picked = free[random % free.length];
  if (picked !== undefined) return picked;
  throw new UsageError(
    `All ${CONFIG_IDS} values of config_id are taken: say one with "--config-id"`,
  );
}
