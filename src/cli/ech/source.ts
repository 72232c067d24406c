/**
 * Lists of configurations and key files, from wherever a person has them.
 *
 * @module
 */

import { quote, ValueError } from "../../control/config/value_error.ts";
import { type EchKeyFileParts, parseEchKeyFileParts } from "../../control/ech/key_file.ts";
import type { MalformedCode } from "../../model/verdict.ts";
import {
  type EchConfig,
  type OpaqueEchConfig,
  parseEchConfigList,
} from "../../proto/ech/config.ts";
import { FileError } from "./file_error.ts";

/** Most bytes that are read: well above the longest list in PEM. */
const MAX_INPUT = 512 * 1024;

/** Bytes of the length that a list begins with. */
const LENGTH_PREFIX = 2;

/**
 * Reads a list, a key file, or both as one.
 *
 * @param source path of a file, a list in base64, or `-` for standard input
 * @throws {FileError} when it cannot be read
 * @throws {ValueError} when it is neither
 */
export async function readSource(source: string): Promise<EchKeyFileParts> {
  if (source === "-") return readParts(await readAll(Deno.stdin.readable));
  const list = listFromBase64(source);
  try {
    using file = await Deno.open(source);
    return readParts(await readAll(file.readable));
  } catch (error) {
    if (error instanceof ValueError) throw error;
    // Base64 can be the name of a file, too, if hardly ever.
    if (list !== null) return { key: null, configList: list };
    throw error instanceof Deno.errors.NotFound
      ? new ValueError(`${quote(source)} is neither a file nor an ECHConfigList in base64`)
      : new FileError("read", source, error);
  }
}

/**
 * The configurations of a list.
 *
 * @throws {ValueError} when it is broken
 */
export function parseConfigs(list: Uint8Array): readonly (EchConfig | OpaqueEchConfig)[] {
  const verdict = parseEchConfigList(list);
  if (verdict.kind === "match") return verdict.value;
  const problem = verdict.kind === "malformed" ? PROBLEMS.get(verdict.code) : undefined;
  throw new ValueError(`The ECHConfigList is broken: ${problem ?? "it cannot be read"}`);
}

const PROBLEMS: ReadonlyMap<MalformedCode, string> = new Map([
  ["bad_length", "a length in it does not fit"],
  ["trailing_bytes", "something stands behind what its length says"],
  ["duplicate", "an extension is there twice"],
]);

function readParts(bytes: Uint8Array): EchKeyFileParts {
  if (isList(bytes)) return { key: null, configList: bytes };
  const text = new TextDecoder().decode(bytes);
  const parts = parseEchKeyFileParts(text);
  if (parts.key !== null || parts.configList !== null) return parts;
  const list = listFromBase64(text);
  if (list !== null) return { key: null, configList: list };
  throw new ValueError(
    "This is no ECHConfigList: neither its bytes, nor those in base64, nor PEM with one",
  );
}

/** A list as zone files and configurations have it: `ech="…"` or just base64, with or without padding. */
function listFromBase64(text: string): Uint8Array | null {
  const base64 = text.trim().replace(/^ech=/, "").replace(/^"(.*)"$/s, "$1");
  try {
    const bytes = Uint8Array.fromBase64(base64);
    return isList(bytes) ? bytes : null;
  } catch {
    return null;
  }
}

function isList(bytes: Uint8Array): boolean {
  const [high = 0, low = 0] = bytes;
  return bytes.length > LENGTH_PREFIX && bytes.length === LENGTH_PREFIX + (high << 8 | low);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const bytes = new Uint8Array(MAX_INPUT);
  let length = 0;
  for await (const chunk of stream) {
    if (length + chunk.length > MAX_INPUT) {
      throw new ValueError(`This is longer than ${MAX_INPUT} bytes: no ECHConfigList is`);
    }
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.slice(0, length);
}
