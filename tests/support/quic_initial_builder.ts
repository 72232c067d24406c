/**
 * Seals QUIC Initial packets, well-formed or broken on purpose, and builds what stands around them in a datagram.
 *
 * @module
 */

import { createCipheriv } from "node:crypto";
import { deriveInitialKeys, type Sender } from "../../src/proto/quic/initial_keys.ts";
import { headerMask } from "../../src/proto/quic/packet_protection.ts";
import { QUIC_V1, type QuicVersion } from "../../src/proto/quic/versions.ts";
import { concat } from "./client_hello_builder.ts";

/** What goes into one Initial packet. Absent parts have defaults; all lengths are computed. */
export interface InitialSpec {
  /** Default {@linkcode QUIC_V1}. */
  readonly version?: QuicVersion;
  /** Default {@linkcode SAMPLE_DCID}. */
  readonly dcid?: Uint8Array;
  /** Default empty. */
  readonly scid?: Uint8Array;
  /** Default empty. */
  readonly token?: Uint8Array;
  /** Default 0. */
  readonly packetNumber?: number;
  /** 1 to 4 bytes; default 4. */
  readonly packetNumberLength?: number;
  /** Default `"client"`. */
  readonly sender?: Sender;
  /** The connection ID that keys are derived from, where it is not `dcid`. */
  readonly keyDcid?: Uint8Array;
  /** Exclusive-ored with the first byte before it is protected: 0x40 clears the QUIC bit (RFC 9287). */
  readonly flipFirst?: number;
  /** Encoded frames, in order. */
  readonly frames: readonly Uint8Array[];
}

/** The client's connection ID in the samples of RFC 9001 and RFC 9369. */
export const SAMPLE_DCID: Uint8Array = Uint8Array.fromHex("8394c8f03e515708");

/** Least payload of a datagram with an Initial (RFC 9000 §14.1). */
export const MIN_INITIAL_DATAGRAM = 1200;

/** One sealed Initial packet, no longer than its frames make it. */
export function sealInitial(spec: InitialSpec): Uint8Array {
  const version = spec.version ?? QUIC_V1;
  const dcid = spec.dcid ?? SAMPLE_DCID;
  const packetNumber = spec.packetNumber ?? 0;
  const packetNumberLength = spec.packetNumberLength ?? 4;
  const token = spec.token ?? new Uint8Array(0);
  // Header protection samples 16 bytes from four after the packet number's start (RFC 9001 §5.4.2).
  const payload = padTo(concat(...spec.frames), 4 - packetNumberLength);

  const first = 0xc0 | version.packetTypes.indexOf("initial") << 4 | packetNumberLength - 1;
  const header = concat(
    Uint8Array.of(first ^ (spec.flipFirst ?? 0)),
    u32(version.id),
    withLength(dcid),
    withLength(spec.scid ?? new Uint8Array(0)),
    encodeVarint(token.length),
    token,
    encodeVarint(packetNumberLength + payload.length + 16, 2),
    u32(packetNumber).subarray(4 - packetNumberLength),
  );
  const keys = deriveInitialKeys(version, spec.keyDcid ?? dcid, spec.sender ?? "client");
  const cipher = createCipheriv("aes-128-gcm", keys.key, nonce(keys.iv, packetNumber));
  cipher.setAAD(header);
  const sealed = concat(cipher.update(payload), cipher.final(), cipher.getAuthTag());

  const mask = headerMask(keys, sealed.subarray(4 - packetNumberLength, 20 - packetNumberLength));
  const numberStart = header.length - packetNumberLength;
  header[0] = (header[0] ?? 0) ^ (mask[0] ?? 0) & 0x0f;
  for (let i = 0; i < packetNumberLength; i++) {
    header[numberStart + i] = (header[numberStart + i] ?? 0) ^ (mask[1 + i] ?? 0);
  }
  return concat(header, sealed);
}

/**
 * A datagram with one Initial that PADDING frames bring to `size` bytes, as clients send it. Frames that need more make it
 * longer.
 */
export function sealInitialDatagram(
  spec: InitialSpec,
  size: number = MIN_INITIAL_DATAGRAM,
): Uint8Array {
  const bare = sealInitial(spec);
  if (bare.length >= size) return bare;
  return sealInitial({ ...spec, frames: [...spec.frames, paddingFrames(size - bare.length)] });
}

/** The whole first flight of a client as one datagram: a hello in one CRYPTO frame. */
export function sealClientHello(
  hello: Uint8Array,
  spec: Omit<InitialSpec, "frames"> = {},
): Uint8Array {
  return sealInitialDatagram({ ...spec, frames: [cryptoFrame(0, hello)] });
}

/** A long header packet other than an Initial, with `payload` where protected bytes would be. */
export function longHeaderPacket(
  type: "zeroRtt" | "handshake",
  payload: Uint8Array,
  { version = QUIC_V1, dcid = SAMPLE_DCID }: {
    readonly version?: QuicVersion;
    readonly dcid?: Uint8Array;
  } = {},
): Uint8Array {
  return concat(
    Uint8Array.of(0xc0 | version.packetTypes.indexOf(type) << 4),
    u32(version.id),
    withLength(dcid),
    withLength(new Uint8Array(0)),
    encodeVarint(payload.length),
    payload,
  );
}

/** A datagram of a version that is only known by its invariants (RFC 8999 §5.1), filled up with `fill`. */
export function invariantDatagram(
  version: number,
  { first = 0xc0, dcid = SAMPLE_DCID, scid = new Uint8Array(0), size = MIN_INITIAL_DATAGRAM }: {
    readonly first?: number;
    readonly dcid?: Uint8Array;
    readonly scid?: Uint8Array;
    readonly size?: number;
  } = {},
): Uint8Array {
  const header = concat(Uint8Array.of(first), u32(version), withLength(dcid), withLength(scid));
  return padTo(header, size);
}

/** A CRYPTO frame (RFC 9000 §19.6). */
export function cryptoFrame(offset: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x06), encodeVarint(offset), encodeVarint(data.length), data);
}

/** A PING frame. */
export function pingFrame(): Uint8Array {
  return Uint8Array.of(0x01);
}

/** PADDING frames. */
export function paddingFrames(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** An ACK frame with `ranges` further ranges, with ECN counts when `ecn` (RFC 9000 §19.3). */
export function ackFrame(ranges = 0, ecn = false): Uint8Array {
  const pairs = Array.from({ length: ranges }, () => Uint8Array.of(0, 0));
  return concat(
    Uint8Array.of(ecn ? 0x03 : 0x02),
    encodeVarint(3 * ranges),
    encodeVarint(25),
    encodeVarint(ranges),
    encodeVarint(0),
    ...pairs,
    ecn ? Uint8Array.of(1, 2, 3) : new Uint8Array(0),
  );
}

/** A CONNECTION_CLOSE frame of the transport (RFC 9000 §19.19). */
export function connectionCloseFrame(reason = "bye"): Uint8Array {
  const text = new TextEncoder().encode(reason);
  return concat(
    Uint8Array.of(0x1c),
    encodeVarint(0x0a),
    encodeVarint(0x06),
    encodeVarint(text.length),
    text,
  );
}

/** A variable-length integer (RFC 9000 §16) in the least number of bytes, or in `length` bytes. */
export function encodeVarint(value: number, length: number = varintLength(value)): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0] = (bytes[0] ?? 0) | Math.log2(length) << 6;
  return bytes;
}

function varintLength(value: number): number {
  if (value < 2 ** 6) return 1;
  if (value < 2 ** 14) return 2;
  return value < 2 ** 30 ? 4 : 8;
}

function nonce(iv: Uint8Array, packetNumber: number): Uint8Array {
  const nonce = iv.slice();
  u32(packetNumber).forEach((byte, i) => nonce[8 + i] = (nonce[8 + i] ?? 0) ^ byte);
  return nonce;
}

function padTo(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.length >= size ? bytes : concat(bytes, new Uint8Array(size - bytes.length));
}

function withLength(connectionId: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(connectionId.length), connectionId);
}

/** Four bytes, big-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
