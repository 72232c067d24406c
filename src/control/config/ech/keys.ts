/**
 * Which private key belongs to which configuration.
 *
 * @module
 */

import type { EchKem, EchKey } from "../../../model/ech.ts";
import {
  type EchConfig,
  hasMandatoryExtension,
  isPublicName,
  type OpaqueEchConfig,
} from "../../../proto/ech/config.ts";
import { derivePublicKey } from "../../../proto/hpke/key.ts";
import { aeadById, kdfById, kemById } from "../../../proto/hpke/suites.ts";
import type { EchDraft } from "../draft.ts";
import type { Findings } from "../findings.ts";
import type { KeyPath } from "../key_path.ts";
import type { ReadFile } from "../named_file.ts";
import { quote } from "../value_error.ts";
import { gatherKeys, type PrivateKey, type Published } from "./gather_keys.ts";

/** A key in use. */
export interface HeldKey {
  readonly key: EchKey;
  /** Whether clients that come with another are given its configuration. */
  readonly isOffered: boolean;
  /** Where the file has its configuration. */
  readonly path: KeyPath;
}

/**
 * Reads all keys of an `ech` table, and tells which key has no configuration, and which configuration has no key.
 *
 * @param path of the table
 */
export function readKeys(
  draft: EchDraft,
  path: KeyPath,
  read: ReadFile,
  findings: Findings,
): readonly HeldKey[] {
  const { isWhole, ...gathered } = gatherKeys(draft, path, read, findings);
  const keys = withoutRepeated(gathered.keys, findings);
  const published = mergeEqual(gathered.published);
  const byPublicKey = derivePublicKeys(keys);
  const ownerOf = ({ config }: Published) => byPublicKey.get(publicKeyOf(config) ?? "");
  const matched = new Set(published.map(ownerOf));
  for (const key of keys) {
    if (isWhole && !matched.has(key)) reportKey(key, published, findings);
  }
  return published.flatMap((one) => {
    const owner = ownerOf(one);
    if (owner === undefined && isWhole) reportConfig(one, findings);
    const key = owner === undefined ? null : makeKey(one, owner, findings);
    return key === null ? [] : [{ key, isOffered: one.isOffered, path: one.path }];
  });
}

function withoutRepeated(keys: readonly PrivateKey[], findings: Findings): readonly PrivateKey[] {
  const seen = new Set<string>();
  return keys.filter(({ privateKey, path }) => {
    const identity = privateKey.toHex();
    const isRepeated = seen.has(identity);
    seen.add(identity);
    if (isRepeated) {
      findings.error(path, "This private key is there twice", { hint: "Remove one of the two" });
    }
    return !isRepeated;
  });
}

/** A configuration that stands in several places is one, offered if any of them says so. */
function mergeEqual(published: readonly Published[]): readonly Published[] {
  const merged = new Map<string, Published>();
  for (const one of published) {
    const identity = one.config.raw.toHex();
    const before = merged.get(identity) ?? one;
    merged.set(identity, { ...before, isOffered: before.isOffered || one.isOffered });
  }
  return [...merged.values()];
}

/** Private keys by the public ones that follow from them. */
function derivePublicKeys(keys: readonly PrivateKey[]): ReadonlyMap<string, PrivateKey> {
  const byPublicKey = new Map<string, PrivateKey>();
  for (const key of keys) {
    for (const kem of key.kem === null ? KEMS : [key.kem]) {
      const publicKey = derivePublicKey(kem, key.privateKey);
      if (publicKey !== null) byPublicKey.set(`${kem} ${publicKey.toHex()}`, key);
    }
  }
  return byPublicKey;
}

const KEMS: readonly EchKem[] = ["x25519", "p256"];

/** As the keys of {@linkcode derivePublicKeys} are written; null for a configuration that is not known. */
function publicKeyOf(config: EchConfig | OpaqueEchConfig): string | null {
  const kem = kemOf(config);
  return config.kind === "opaque" || kem === null ? null : `${kem} ${config.publicKey.toHex()}`;
}

/** Null: of a version or for a KEM that is not known here. */
function kemOf(config: EchConfig | OpaqueEchConfig): EchKem | null {
  return config.kind === "opaque" ? null : kemById(config.kem)?.name ?? null;
}

function reportKey(
  { privateKey, kem, path }: PrivateKey,
  published: readonly Published[],
  findings: Findings,
): void {
  const kems = new Set(kem === null ? published.map(({ config }) => kemOf(config)) : [kem]);
  kems.delete(null);
  if (kems.size === 1 && kems.has("p256") && derivePublicKey("p256", privateKey) === null) {
    findings.error(path, "This is no private key for P-256: the number is out of range", {
      hint: 'Make a key with "rpxy-l4 ech generate"',
    });
    return;
  }
  findings.error(
    path,
    path.includes("key_files")
      ? "No configuration in the file belongs to its private key"
      : "No configuration of ech_config_list belongs to this private key",
    { hint: "Key and configuration are made together: take both from one generation" },
  );
}

function reportConfig({ config, path }: Published, findings: Findings): void {
  if (config.kind === "opaque") {
    findings.warning(
      path,
      `A configuration of version ${hex(config.version)} is not known, and not used`,
    );
  } else if (kemOf(config) === null) {
    findings.warning(
      path,
      `The KEM ${hex(config.kem)} is not known: nothing sealed for the configuration with ` +
        `${describe(config)} can be opened`,
    );
  } else {
    findings.error(path, `There is no private key for the configuration with ${describe(config)}`, {
      hint: "Add its key; of a key that is gone, remove the configuration as well",
    });
  }
}

/** Null where the configuration is of no use to anybody. */
function makeKey(
  { config, path }: Published,
  { privateKey }: PrivateKey,
  findings: Findings,
): EchKey | null {
  const kem = kemOf(config);
  if (config.kind === "opaque" || kem === null) return null;
  if (!isPublicName(config.publicName)) {
    findings.error(path, `Clients will not use the configuration with ${describe(config)}`, {
      hint: "A public name is the name of a host: make another key",
    });
    return null;
  }
  if (!config.publicName.includes(".")) {
    findings.warning(
      path,
      `Some clients will not use the configuration with ${describe(config)}`,
      { hint: "Go's, for one, takes no public name without a dot: make another key" },
    );
  }
  if (hasMandatoryExtension(config)) {
    findings.warning(
      path,
      `Clients may pass over the configuration with ${
        describe(config)
      }: it has an extension that ` +
        "they must know",
    );
  }
  const suites = config.suites.map((suite) => Object.freeze({ ...suite }));
  if (!suites.some(({ kdf, aead }) => kdfById(kdf) !== null && aeadById(aead) !== null)) {
    findings.error(
      path,
      `The configuration with ${describe(config)} has no cipher suite that is known here`,
      { hint: 'Make another key with "rpxy-l4 ech generate"' },
    );
    return null;
  }
  return Object.freeze({
    // Copies: what they are parts of would be sent to each thread as well.
    config: Uint8Array.from(config.raw),
    configId: config.configId,
    kem,
    publicKey: Uint8Array.from(config.publicKey),
    privateKey: Uint8Array.from(privateKey),
    suites: Object.freeze(suites),
    publicName: config.publicName.toLowerCase(),
  });
}

function describe({ configId, publicName }: EchConfig): string {
  return `config_id ${configId}, public name ${quote(publicName)}`;
}

function hex(number: number): string {
  return `0x${number.toString(16).padStart(4, "0")}`;
}
