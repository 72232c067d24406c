/**
 * What becomes of hellos for a public name that no key opens.
 *
 * @module
 */

import type { X509Certificate } from "node:crypto";
import type { Protocol } from "../../../model/protocol.ts";
import type { Target } from "../../../model/snapshot.ts";
import { MAX_RETRY_CONFIGS } from "../../../proto/tls13/server_messages.ts";
import type { EchDraft } from "../draft.ts";
import type { Findings } from "../findings.ts";
import type { KeyPath } from "../key_path.ts";
import { parseFile, type Surroundings } from "../named_file.ts";
import { quote } from "../value_error.ts";
import { coversName, parseCertificateKey, parseCertificates } from "./certificate.ts";
import type { HeldKey } from "./keys.ts";

/** As `EchRejection`, with targets in the place of a service. */
export type RejectionPlan =
  | { readonly kind: "target" }
  | { readonly kind: "refuse" }
  | {
    readonly kind: "retry";
    /** In DER, the server's own first. */
    readonly certificates: readonly Uint8Array[];
    /** PKCS #8 in DER. */
    readonly privateKey: Uint8Array;
    readonly plaintext: readonly Target[] | null;
  };

/** Bytes of the length that a list of configurations begins with (RFC 9849 §4). */
const LIST_LENGTH = 2;

/** Keys that only `on_reject = "retry"` reads. */
const RETRY_KEYS = ["certificate", "certificate_key", "public_plaintext_target"] as const;

/**
 * Reads what an `ech` table says of hellos that cannot be opened.
 *
 * @param path of the table
 */
export function readRejection(
  draft: EchDraft,
  path: KeyPath,
  protocol: Protocol,
  keys: readonly HeldKey[],
  surroundings: Surroundings,
  findings: Findings,
): RejectionPlan {
  const { values: { on_reject: kind }, given } = draft;
  if ((kind === "retry" && protocol !== "tls") || (kind === "refuse" && protocol !== "quic")) {
    findings.error([...path, "on_reject"], `There is no on_reject = "${kind}" for ${protocol}`, {
      hint: kind === "retry"
        ? 'Write "refuse": clients then try again over TCP, where a tls service can offer new keys'
        : 'Write "retry" or "target"',
    });
    return { kind: "target" };
  }
  if (kind === "retry") return readRetry(draft, path, keys, surroundings, findings);
  // Its value could not be read: who knows what it needs.
  if (kind === undefined) return { kind: "target" };
  for (const key of RETRY_KEYS) {
    if (!given.has(key)) continue;
    findings.warning([...path, key], `"${key}" does nothing without on_reject = "retry"`, {
      at: "key",
      hint: protocol === "tls" ? null : "Put it into the table of a tls service",
    });
  }
  return { kind };
}

function readRetry(
  { values, given }: EchDraft,
  path: KeyPath,
  keys: readonly HeldKey[],
  surroundings: Surroundings,
  findings: Findings,
): RejectionPlan {
  for (const key of ["certificate", "certificate_key"] as const) {
    if (given.has(key)) continue;
    findings.error([...path, "on_reject"], `on_reject = "retry" needs "${key}"`, {
      hint: "The proxy finishes the handshake itself, with a certificate for the public name",
    });
  }
  checkOffer(keys, [...path, "on_reject"], findings);
  const { certificate: file, certificate_key: keyFile } = values;
  const at = [...path, "certificate"];
  const keyAt = [...path, "certificate_key"];
  const certificates = file === undefined
    ? undefined
    : parseFile(file, at, surroundings.read, findings, parseCertificates);
  const key = keyFile === undefined
    ? undefined
    : parseFile(keyFile, keyAt, surroundings.read, findings, parseCertificateKey);
  const [own] = certificates ?? [];
  if (own !== undefined && file !== undefined) {
    checkNames(own, file, at, keys, findings);
    checkTime(own, file, at, surroundings.now, findings);
    if (key !== undefined && keyFile !== undefined && !own.checkPrivateKey(key)) {
      findings.error(
        keyAt,
        `The key in ${quote(keyFile)} is not that of the certificate in ${quote(file)}`,
        { hint: "In a chain, the server's own certificate comes first" },
      );
    }
  }
  if (certificates === undefined || key === undefined) return { kind: "target" };
  return {
    kind: "retry",
    certificates: certificates.map(({ raw }) => Uint8Array.from(raw)),
    privateKey: Uint8Array.from(key.export({ format: "der", type: "pkcs8" })),
    plaintext: values.public_plaintext_target ?? null,
  };
}

function checkOffer(keys: readonly HeldKey[], at: KeyPath, findings: Findings): void {
  const offered = keys.filter(({ isOffered }) => isOffered);
  if (keys.length > 0 && offered.length === 0) {
    findings.error(at, "There is no key to offer to clients with an old one", {
      hint: "Let retry be true for one at least",
    });
  }
  const length = offered.reduce((sum, { key }) => sum + key.config.length, LIST_LENGTH);
  if (length > MAX_RETRY_CONFIGS) {
    findings.error(
      at,
      `The configurations to offer to clients with an old key take ${length} bytes: ` +
        `there is room for ${MAX_RETRY_CONFIGS}`,
      { hint: "Let retry be false for all keys but the newest" },
    );
  }
}

function checkNames(
  certificate: X509Certificate,
  file: string,
  at: KeyPath,
  keys: readonly HeldKey[],
  findings: Findings,
): void {
  for (const publicName of new Set(keys.map(({ key }) => key.publicName))) {
    if (coversName(certificate, publicName)) continue;
    findings.warning(at, `The certificate in ${quote(file)} is not for ${quote(publicName)}`, {
      hint: "Clients with an old key would take the new one from nobody else: they fail",
    });
  }
}

function checkTime(
  { validFrom, validTo }: X509Certificate,
  file: string,
  at: KeyPath,
  now: number,
  findings: Findings,
): void {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  if (now > to) {
    findings.warning(at, `The certificate in ${quote(file)} has expired: ${validTo}`, {
      hint: "Clients with an old key refuse it: they fail",
    });
  } else if (now < from) {
    findings.warning(at, `The certificate in ${quote(file)} is valid only from ${validFrom}`);
  }
}
