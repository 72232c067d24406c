/**
 * The versions of QUIC whose Initial packets can be read, and what tells them apart.
 *
 * @module
 */

/** What a long header packet carries, by the packet type bits of its first byte. */
export type LongPacketType = "initial" | "zeroRtt" | "handshake" | "retry";

/** One version of QUIC. */
export interface QuicVersion {
  /** The Version field of a long header. */
  readonly id: number;
  /** The version in words, as logs show it. */
  readonly name: string;
  /** Salt from which Initial secrets are extracted. */
  readonly initialSalt: Uint8Array;
  /** What the labels of key, iv and hp begin with. */
  readonly labelPrefix: string;
  /** Packet type for each value of the two type bits. */
  readonly packetTypes: readonly [LongPacketType, LongPacketType, LongPacketType, LongPacketType];
}

/** QUIC version 1: RFC 9000 §17.2 (packet types), RFC 9001 §5.2 (salt), §5.1 (labels). */
export const QUIC_V1: QuicVersion = {
  id: 0x00000001,
  name: "QUIC v1",
  initialSalt: Uint8Array.fromHex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
  labelPrefix: "quic",
  packetTypes: ["initial", "zeroRtt", "handshake", "retry"],
};

/** QUIC version 2: RFC 9369 §3.2 (packet types), §3.3 (salt and labels). */
export const QUIC_V2: QuicVersion = {
  id: 0x6b3343cf,
  name: "QUIC v2",
  initialSalt: Uint8Array.fromHex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
  labelPrefix: "quicv2",
  packetTypes: ["retry", "initial", "zeroRtt", "handshake"],
};

/** Salt of drafts 29 to 32 (draft-ietf-quic-tls-29 §5.2); 33 and 34 have the one of version 1 (draft-ietf-quic-tls-33). */
const DRAFT_29_SALT = Uint8Array.fromHex("afbfec289993d24c9e9786f19c6111e04390a899");

/** The last drafts ("h3-29" was widely deployed): version 1 but for its Version field and, up to 32, its salt. */
export const QUIC_DRAFTS: readonly QuicVersion[] = [29, 30, 31, 32, 33, 34].map((draft) => ({
  ...QUIC_V1,
  id: 0xff000000 + draft,
  name: `QUIC draft-${draft}`,
  initialSalt: draft <= 32 ? DRAFT_29_SALT : QUIC_V1.initialSalt,
}));

/** All versions that can be read. */
export const QUIC_VERSIONS: readonly QuicVersion[] = [QUIC_V1, QUIC_V2, ...QUIC_DRAFTS];

/** The version with this Version field; undefined for all others, the reserved ones (`0x?a?a?a?a`) included. */
export function findQuicVersion(id: number): QuicVersion | undefined {
  return QUIC_VERSIONS.find((version) => version.id === id);
}

/** A version that cannot be read, in words: `QUIC 0x1a2a3a4a`. */
export function unknownVersionName(id: number): string {
  return `QUIC 0x${id.toString(16).padStart(8, "0")}`;
}
