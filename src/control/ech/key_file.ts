/**
 * Key files for ECH as OpenSSL and DEfO write them (RFC 9934): a private key, and the ECHConfigList that tells clients of it.
 *
 * @module
 */

import { vector16 } from "../../proto/tls/encode.ts";
import { ValueError } from "../config/value_error.ts";
import { decodePemBlock, encodePemBlock, findPemBlocks } from "./pem.ts";
import { decodePkcs8, encodePkcs8, type HpkePrivateKey } from "./pkcs8.ts";

/** A key and its configurations. */
export interface EchKeyFile extends HpkePrivateKey {
  /** ECHConfigList; whether one of its configurations has the public key of this private key is not looked at. */
  readonly configList: Uint8Array;
}

/** What may be in such a file: some hold only what is public. */
export interface EchKeyFileParts {
  readonly key: HpkePrivateKey | null;
  readonly configList: Uint8Array | null;
}

const KEY_LABEL = "PRIVATE KEY";
const CONFIG_LABEL = "ECHCONFIG";

/** Bytes of the length that an ECHConfigList begins with. */
const LENGTH_PREFIX = 2;

/** Most bytes that may follow it. */
const MAX_LIST = 0xffff;

/**
 * Reads a key file. Its blocks may stand in any order, with text around them; several lists are taken as one.
 *
 * @throws {ValueError} when it is none; never with any of the key
 */
export function parseEchKeyFile(text: string): EchKeyFile {
  const { key, configList } = parseEchKeyFileParts(text);
  if (key === null) {
    throw new ValueError(
      `There is no private key: no line "-----BEGIN ${KEY_LABEL}-----"`,
      configList === null ? MAKE_ONE : "The file has only what is public",
    );
  }
  if (configList === null) {
    throw new ValueError(
      `There is no ECHConfigList: no line "-----BEGIN ${CONFIG_LABEL}-----"`,
      MAKE_ONE,
    );
  }
  return { ...key, configList };
}

/**
 * As {@linkcode parseEchKeyFile}, of a file that may lack the key or the configurations.
 *
 * @throws {ValueError} when what is there is broken, or there is more than one key
 */
export function parseEchKeyFileParts(text: string): EchKeyFileParts {
  const blocks = findPemBlocks(text);
  const keys = blocks.filter(({ label }) => label.endsWith(KEY_LABEL));
  const lists = blocks.filter(({ label }) => label === CONFIG_LABEL).map(decodePemBlock);
  const [key] = keys;
  if (keys.length > 1) {
    throw new ValueError(
      `There are ${keys.length} private keys: a key file has one`,
      "Write each key with its ECHConfigList to a file of its own",
    );
  }
  if (key !== undefined && key.label !== KEY_LABEL) throw otherForm(key.label);
  return {
    key: key === undefined ? null : decodePkcs8(decodePemBlock(key)),
    configList: lists.length === 0 ? null : joinLists(lists),
  };
}

/** Writes a key file, the key first (RFC 9934 §3); ends with a line feed. */
export function encodeEchKeyFile(file: EchKeyFile): string {
  return encodePemBlock(KEY_LABEL, encodePkcs8(file)) +
    encodePemBlock(CONFIG_LABEL, file.configList);
}

const MAKE_ONE = `Make a key file with "rpxy-l4 ech generate"`;

function otherForm(label: string): ValueError {
  return label.startsWith("ENCRYPTED")
    ? new ValueError(
      "The private key is encrypted with a password, which nobody would be there to enter",
      "Decrypt it with: openssl pkey",
    )
    : new ValueError(
      `The private key is in the form "${label}", not PKCS #8`,
      "Convert it with: openssl pkcs8 -topk8 -nocrypt",
    );
}

function joinLists(lists: readonly Uint8Array[]): Uint8Array {
  const configs = lists.map(configsOf);
  const length = configs.reduce((sum, some) => sum + some.length, 0);
  if (length > MAX_LIST) {
    throw new ValueError(`The blocks "${CONFIG_LABEL}" are longer than one ECHConfigList can be`);
  }
  return vector16(...configs);
}

/** A list without its length, which must be right; what the configurations hold is not looked at. */
function configsOf(list: Uint8Array): Uint8Array {
  const configs = list.subarray(LENGTH_PREFIX);
  const [high = 0, low = 0] = list;
  const length = high << 8 | low;
  if (length === configs.length && length > 0) return configs;
  const problem = list.length < LENGTH_PREFIX || length === 0
    ? "it is empty"
    : `its length says ${length} bytes, and ${configs.length} follow`;
  throw new ValueError(
    `What stands in the block "${CONFIG_LABEL}" is no ECHConfigList: ${problem}`,
  );
}
