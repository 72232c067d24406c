/**
 * Private keys and configurations of an `ech` table, from all places that have them.
 *
 * @module
 */

import type { EchKem } from "../../../model/ech.ts";
import {
  type EchConfig,
  type OpaqueEchConfig,
  parseEchConfigList,
} from "../../../proto/ech/config.ts";
import { parseEchKeyFile } from "../../ech/key_file.ts";
import type { EchDraft } from "../draft.ts";
import type { Findings } from "../findings.ts";
import type { KeyPath } from "../key_path.ts";
import { parseFile, type ReadFile } from "../named_file.ts";
import { ValueError } from "../value_error.ts";

/** A configuration that clients may have. */
export interface Published {
  readonly config: EchConfig | OpaqueEchConfig;
  /** Whether clients that come with another are given it. */
  readonly isOffered: boolean;
  /** Where the file has it. */
  readonly path: KeyPath;
}

/** A private key whose configuration is still to be found. */
export interface PrivateKey {
  readonly privateKey: Uint8Array;
  /** Null: whichever fits. */
  readonly kem: EchKem | null;
  /** Where the file has it. */
  readonly path: KeyPath;
}

/** All that a table has. */
export interface GatheredKeys {
  readonly published: readonly Published[];
  readonly keys: readonly PrivateKey[];
  /** Whether nothing was broken: else a key may seem to lack a configuration, or the other way round. */
  readonly isWhole: boolean;
}

/** Keys of the table that have keys of either kind. */
const KEY_SOURCES = ["ech_config_list", "private_keys", "key_files"] as const;

/**
 * Gathers keys and configurations, and reports what cannot be read.
 *
 * @param path of the table
 */
export function gatherKeys(
  draft: EchDraft,
  path: KeyPath,
  read: ReadFile,
  findings: Findings,
): GatheredKeys {
  checkPresence(draft, path, findings);
  const fromText = gatherFromText(draft, path, findings);
  const fromFiles = gatherFromFiles(draft, path, read, findings);
  const published = [...fromText.published, ...fromFiles.published];
  const keys = [...fromText.keys, ...fromFiles.keys];
  const { given, values } = draft;
  const isReadable = KEY_SOURCES.every((key) => !given.has(key) || values[key] !== undefined);
  const isMatched = (published.length === 0) === (keys.length === 0);
  return {
    published,
    keys,
    isWhole: isReadable && isMatched && fromText.isWhole && fromFiles.isWhole,
  };
}

function checkPresence({ given }: EchDraft, path: KeyPath, findings: Findings): void {
  const [list, keys, files] = ["ech_config_list", "private_keys", "key_files"].map((key) =>
    given.has(key)
  );
  if (!list && !keys && !files) {
    findings.error(path, "There is no key to open hellos with", {
      at: "key",
      hint: 'Add key_files, as made by "rpxy-l4 ech generate", or ech_config_list and private_keys',
    });
  } else if (keys && !list) {
    findings.error([...path, "private_keys"], '"private_keys" needs "ech_config_list"', {
      at: "key",
      hint: "Clients seal with a configuration, all bytes of which are needed to open",
    });
  } else if (list && !keys && !files) {
    findings.error([...path, "ech_config_list"], '"ech_config_list" needs "private_keys"', {
      at: "key",
      hint: "Add the private keys of the list, or name files with them in key_files",
    });
  }
  if (given.has("retry") && !list) {
    findings.warning([...path, "retry"], '"retry" does nothing without "ech_config_list"', {
      at: "key",
      hint: 'For key files write { path = "…", retry = false }',
    });
  }
}

function gatherFromText(
  { values, given }: EchDraft,
  path: KeyPath,
  findings: Findings,
): GatheredKeys {
  const at = [...path, "ech_config_list"];
  const keys = (values.private_keys ?? []).map((privateKey, index) => ({
    privateKey,
    kem: null,
    path: [...path, "private_keys", index],
  }));
  if (values.ech_config_list === undefined) {
    return { published: [], keys, isWhole: !given.has("private_keys") };
  }
  try {
    const published = parseConfigs(values.ech_config_list).map((config) => ({
      config,
      isOffered: values.retry ?? true,
      path: at,
    }));
    return { published, keys, isWhole: true };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    findings.error(at, error.message, { hint: error.hint });
    return { published: [], keys, isWhole: false };
  }
}

function gatherFromFiles(
  { values }: EchDraft,
  path: KeyPath,
  read: ReadFile,
  findings: Findings,
): GatheredKeys {
  const published: Published[] = [];
  const keys: PrivateKey[] = [];
  let isWhole = true;
  for (const [index, { path: file, retry }] of (values.key_files ?? []).entries()) {
    const at = [...path, "key_files", index];
    const content = parseFile(file, at, read, findings, (text) => {
      const { configList, ...key } = parseEchKeyFile(text);
      return { key, configs: parseConfigs(configList) };
    });
    if (content === undefined) {
      isWhole = false;
      continue;
    }
    for (const config of content.configs) published.push({ config, isOffered: retry, path: at });
    keys.push({ ...content.key, path: at });
  }
  return { published, keys, isWhole };
}

/** @throws {ValueError} when it is no list */
function parseConfigs(bytes: Uint8Array): readonly (EchConfig | OpaqueEchConfig)[] {
  const verdict = parseEchConfigList(bytes);
  if (verdict.kind === "match") return verdict.value;
  throw new ValueError(
    "What it holds is not an ECHConfigList",
    'It begins with the length of all that follows: look at it with "rpxy-l4 ech show"',
  );
}
