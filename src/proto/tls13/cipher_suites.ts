/**
 * The cipher suites of TLS 1.3 (RFC 8446 §B.4). All have nonces of 12 bytes and tags of 16.
 *
 * @module
 */

/** A hash of a cipher suite. */
export type SuiteHash = "sha256" | "sha384";

/** What records are sealed with, and what secrets are derived with. */
export interface CipherSuite {
  readonly id: number;
  readonly cipher: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly keyLength: number;
  readonly hash: SuiteHash;
}

/** All that are spoken, by identifier. The two with short tags or without GCM are for devices that no browser is. */
export const CIPHER_SUITES: ReadonlyMap<number, CipherSuite> = new Map(
  ([
    { id: 0x1301, cipher: "aes-128-gcm", keyLength: 16, hash: "sha256" },
    { id: 0x1302, cipher: "aes-256-gcm", keyLength: 32, hash: "sha384" },
    { id: 0x1303, cipher: "chacha20-poly1305", keyLength: 32, hash: "sha256" },
  ] as const).map((suite) => [suite.id, suite]),
);
