/**
 * Keys of Initial packets (RFC 9001 §5.2): anyone who sees the client's first packet can derive them.
 *
 * @module
 */

import { createHmac, hkdfSync } from "node:crypto";
import { QUIC_VERSIONS, type QuicVersion } from "./versions.ts";

/** Which side sealed a packet: each has its own keys. */
export type Sender = "client" | "server";

/** What opens, and what sealed, the Initial packets of one sender. */
export interface InitialKeys {
  /** AES-128-GCM key. */
  readonly key: Uint8Array;
  /** Exclusive-ored with the packet number, the nonce. */
  readonly iv: Uint8Array;
  /** AES-128 key of header protection. */
  readonly hp: Uint8Array;
}

/** Derives the keys from the Destination Connection ID of the client's Initial packet. */
export function deriveInitialKeys(
  version: QuicVersion,
  dcid: Uint8Array,
  sender: Sender,
): InitialKeys {
  const labels = LABELS.get(version) ?? labelsOf(version);
  // Extract and the first Expand in one call; the three others share a secret and need no Extract.
  const secret = new Uint8Array(
    hkdfSync("sha256", dcid, version.initialSalt, SENDER_LABELS[sender], 32),
  );
  return {
    key: expand(secret, labels.key, 16),
    iv: expand(secret, labels.iv, 12),
    hp: expand(secret, labels.hp, 16),
  };
}

interface VersionLabels {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly hp: Uint8Array;
}

const SENDER_LABELS: { readonly [Of in Sender]: Uint8Array } = {
  client: hkdfLabel("client in", 32),
  server: hkdfLabel("server in", 32),
};

const LABELS: ReadonlyMap<QuicVersion, VersionLabels> = new Map(
  QUIC_VERSIONS.map((version) => [version, labelsOf(version)]),
);

function labelsOf({ labelPrefix }: QuicVersion): VersionLabels {
  return {
    key: firstBlock(hkdfLabel(`${labelPrefix} key`, 16)),
    iv: firstBlock(hkdfLabel(`${labelPrefix} iv`, 12)),
    hp: firstBlock(hkdfLabel(`${labelPrefix} hp`, 16)),
  };
}

/** HkdfLabel (RFC 8446 §7.1) with an empty context. */
function hkdfLabel(label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  return Uint8Array.of(length >> 8, length, name.length, ...name, 0);
}

/** The input of the first block of HKDF-Expand, T(1) (RFC 5869 §2.3): no output needed here is longer than that. */
function firstBlock(info: Uint8Array): Uint8Array {
  return Uint8Array.of(...info, 1);
}

/** A plain array of its own: a `Buffer` would be handed on, whose `slice` does not copy. */
function expand(secret: Uint8Array, block: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(createHmac("sha256", secret).update(block).digest().subarray(0, length));
}
