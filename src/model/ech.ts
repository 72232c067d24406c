/**
 * Encrypted Client Hello (RFC 9849) as the data plane reads it: keys, and where hidden names lead.
 *
 * All of it is plain data, so that it can be cloned to another thread. Private keys are in it: nothing of this module may
 * be written to a log, an error or a metric.
 *
 * @module
 */

import type { NameMap, Service } from "./snapshot.ts";

/** A key encapsulation mechanism (RFC 9180 §7.1): DHKEM(X25519, HKDF-SHA256) or DHKEM(P-256, HKDF-SHA256). */
export type EchKem = "x25519" | "p256";

/** HpkeSymmetricCipherSuite (RFC 9849 §4): identifiers of RFC 9180 §7.2 and §7.3. */
export interface EchCipherSuite {
  /** 1 HKDF-SHA256, 2 HKDF-SHA384, 3 HKDF-SHA512; others are passed over. */
  readonly kdf: number;
  /** 1 AES-128-GCM, 2 AES-256-GCM, 3 ChaCha20-Poly1305; others are passed over. */
  readonly aead: number;
}

/** A private key with the configuration that tells clients of it. */
export interface EchKey {
  /** The ECHConfig as published, version and length included: part of what clients seal with. */
  readonly config: Uint8Array;
  /** Its `config_id`, 0–255. Two keys may have the same. */
  readonly configId: number;
  /** Of `config`. */
  readonly kem: EchKem;
  /** As in `config`: 32 bytes (X25519) or 65 (P-256, uncompressed). */
  readonly publicKey: Uint8Array;
  /** The scalar, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** What `config` lists, in its order. */
  readonly suites: readonly EchCipherSuite[];
  /** Its `public_name` in lower case. */
  readonly publicName: string;
}

/** What is done with a hello to a public name that no key opens, but that was sealed for one of our configurations. */
export type EchRejection =
  /** Nothing of our own: it goes where its outer name leads, as GREASE does. */
  | { readonly kind: "target" }
  /** QUIC: the connection is refused, so that the client falls back to TCP. */
  | { readonly kind: "refuse" }
  /** TLS: we finish the handshake for the public name, and give the client the configurations to use. */
  | {
    readonly kind: "retry";
    /** ECHConfigList to offer; never empty. */
    readonly retryConfigs: Uint8Array;
    /** Certificates in DER, the server's own first. */
    readonly certificates: readonly Uint8Array[];
    /** Its private key: PKCS #8 in DER; ECDSA on P-256 or RSA of 2048 bits at least. */
    readonly privateKey: Uint8Array;
    /** Where what a client says goes in the clear that does not end after the handshake; null: it is closed. */
    readonly plaintext: Service | null;
  };

/** How one service takes hellos that carry ECH. */
export interface EchSettings {
  /** All generations of keys, in the order of the file; never empty. */
  readonly keys: readonly EchKey[];
  /** Whether all keys are tried where none has the config_id (RFC 9849 §7.1: not by default). */
  readonly trialDecryption: boolean;
  /** Values of config_id that no key has any more, but whose configurations clients may still have. */
  readonly retiredConfigIds: readonly number[];
  /** Where inner names lead. Such a service has no `ech` of its own, and `isPrivate`. */
  readonly names: NameMap<Service>;
  /** What becomes of hellos for a public name that no key opens. */
  readonly onReject: EchRejection;
  /** Whether inner names may be shown to operators. */
  readonly logInnerNames: boolean;
}

/** What became of the ECH of a hello, for the access log and `explain`. */
export type EchStatus =
  | "accepted" // opened: the flow was routed by the inner name
  | "rejected" // sealed for a configuration of ours, going by its config_id, and no key opens it
  | "grease" // of no configuration of ours
  | "none"; // the hello has no ECH

/** What is told of the ECH of a flow whose service has keys. */
export interface EchFacts {
  /** What became of it. */
  readonly status: EchStatus;
  /** Server name of the outer hello: with `accepted`, public by intention; null where it has none. */
  readonly publicName: string | null;
  /** Null where there is no ECH. */
  readonly configId: number | null;
  /** Null unless it was accepted and the service logs inner names. */
  readonly innerName: string | null;
}
