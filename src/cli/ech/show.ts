/**
 * `rpxy-l4 ech show`: what an ECHConfigList says, and whether the key beside it fits. The key itself is never shown.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { formatTable } from "../../control/config/text_table.ts";
import { escapeInvisible } from "../../control/config/value_error.ts";
import type { HpkePrivateKey } from "../../control/ech/pkcs8.ts";
import {
  type EchConfig,
  hasMandatoryExtension,
  isPublicName,
  type OpaqueEchConfig,
} from "../../proto/ech/config.ts";
import { derivePublicKey } from "../../proto/hpke/key.ts";
import { aeadById, kdfById, kemById } from "../../proto/hpke/suites.ts";
import { FAILURE, SUCCESS } from "../exit_codes.ts";
import { parseConfigs, readSource } from "./source.ts";

/**
 * Shows a list or a key file.
 *
 * @param source path of a file, a list in base64, or `-` for standard input
 * @returns 1 where there is a private key that fits no configuration
 * @throws {FileError | ValueError} where there is nothing that can be shown
 */
export async function show(source: string, out: (text: string) => void): Promise<number> {
  const { key, configList } = await readSource(source);
  const configs = configList === null ? [] : parseConfigs(configList);
  const fits = configs.map((config) => key !== null && fitsKey(config, key));
  const useless = fits.includes(true) ? null : key;
  const count = configs.length === 1 ? "1 configuration" : `${configs.length} configurations`;
  const parts = [
    configList === null
      ? "There is no ECHConfigList"
      : `ECHConfigList of ${configList.length} bytes with ${count}`,
    ...configs.map((config, index) =>
      config.kind === "opaque"
        ? describeOpaque(config)
        : describeConfig(config, key === null ? null : fits[index] ?? false)
    ),
    ...(useless === null ? [] : [describeUseless(useless)]),
  ];
  out(`${parts.join("\n\n")}\n`);
  return useless === null ? SUCCESS : FAILURE;
}

function fitsKey(
  config: EchConfig | OpaqueEchConfig,
  { kem, privateKey }: HpkePrivateKey,
): boolean {
  if (config.kind === "opaque" || kemById(config.kem)?.name !== kem) return false;
  return derivePublicKey(kem, privateKey)?.toHex() === config.publicKey.toHex();
}

function describeOpaque({ version, raw }: OpaqueEchConfig): string {
  return `Version ${
    hex(version)
  }, ${raw.length} bytes: not known here, and passed over by clients ` +
    "that do not know it";
}

/** @param isFitting whether the private key fits; null where there is none */
function describeConfig(config: EchConfig, isFitting: boolean | null): string {
  const { extensions } = config;
  const rows = [
    ["config_id", String(config.configId)],
    ["version", `${hex(config.version)} (RFC 9849)`],
    ["KEM", kemName(config.kem)],
    ...config.suites.map(({ kdf, aead }, index) => [
      index === 0 ? "suites" : "",
      `${kdfName(kdf)}, ${aeadName(aead)}`,
    ]),
    ["public_name", escapeInvisible(config.publicName)],
    ["maximum_name_length", String(config.maximumNameLength)],
    [
      "extensions",
      extensions.map(({ type, data }) => `${hex(type)} (${data.length} bytes)`).join(", ") ||
      "none",
    ],
    ["public key", `SHA-256 ${fingerprint(config.publicKey)}`],
    ...(isFitting === null ? [] : [["private key", isFitting ? "fits" : "does not fit"]]),
  ];
  const problems = problemsOf(config).map((problem) => `! ${problem}`);
  return [...formatTable(rows), ...problems].join("\n");
}

/** Why clients would pass the configuration over (RFC 9849 §6.1). */
function problemsOf(config: EchConfig): string[] {
  const isUsable = config.suites.some(({ kdf, aead }) =>
    kdfById(kdf) !== null && aeadById(aead) !== null
  );
  return [
    ...(kemById(config.kem) === null ? ["no key of this KEM can be used here"] : []),
    ...(isUsable ? [] : ["none of the suites can be used here"]),
    ...(isPublicName(config.publicName)
      ? []
      : ["clients ignore it: public_name is not the name of a host"]),
    ...(config.publicName.includes(".")
      ? []
      : ["some clients ignore it, such as Go's: public_name has no dot"]),
    ...(hasMandatoryExtension(config)
      ? ["clients ignore it unless they know its mandatory extension"]
      : []),
  ];
}

/** A private key that fits nothing. */
function describeUseless({ kem, privateKey }: HpkePrivateKey): string {
  const publicKey = derivePublicKey(kem, privateKey) ?? new Uint8Array(0);
  return `The private key, for ${kem}, fits no configuration: ` +
    `its public key has the fingerprint SHA-256 ${fingerprint(publicKey)}`;
}

function fingerprint(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex");
}

/** Names of RFC 9180 §7. */
function kemName(id: number): string {
  switch (kemById(id)?.name) {
    case "x25519":
      return "DHKEM(X25519, HKDF-SHA256)";
    case "p256":
      return "DHKEM(P-256, HKDF-SHA256)";
    default:
      return hex(id);
  }
}

function kdfName(id: number): string {
  const hash = kdfById(id)?.hash;
  return hash === undefined ? `KDF ${hex(id)}` : `HKDF-${hash.toUpperCase()}`;
}

function aeadName(id: number): string {
  switch (aeadById(id)?.cipher) {
    case "aes-128-gcm":
      return "AES-128-GCM";
    case "aes-256-gcm":
      return "AES-256-GCM";
    case "chacha20-poly1305":
      return "ChaCha20Poly1305";
    default:
      return `AEAD ${hex(id)}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
