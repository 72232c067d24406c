/**
 * Builds ClientHello messages, well-formed or broken on purpose, and the TLS records around them.
 *
 * @module
 */

/** A raw extension. */
export interface RawExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** What goes into a hello. Absent parts are left out; all lengths are computed. */
export interface ClientHelloSpec {
  /** Default 0x0303. */
  readonly legacyVersion?: number;
  /** Default 32 bytes. */
  readonly sessionId?: Uint8Array;
  /** Default TLS_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. */
  readonly cipherSuites?: readonly number[];
  readonly serverName?: string;
  /** Characters are written as Latin-1. */
  readonly alpn?: readonly string[];
  readonly supportedVersions?: readonly number[];
  /** Size of the key_share extension's only key: 32 is X25519, 1216 X25519MLKEM768. */
  readonly keyShareLength?: number;
  /** Payload size of an encrypted_client_hello extension of the outer type. */
  readonly echPayloadLength?: number;
  /** Written after the others, in order. */
  readonly extensions?: readonly RawExtension[];
  /** A hello of before TLS 1.2 has no extensions block at all. */
  readonly withoutExtensions?: boolean;
}

/** A ClientHello handshake message with its 4-byte header. */
export function buildClientHello(spec: ClientHelloSpec = {}): Uint8Array {
  const suites = spec.cipherSuites ?? [0x1301, 0xc02f];
  const body = concat(
    u16(spec.legacyVersion ?? 0x0303),
    filled(32, 0x5a),
    vector8(spec.sessionId ?? filled(32, 0xa5)),
    vector16(concat(...suites.map(u16))),
    vector8(Uint8Array.of(0)),
    spec.withoutExtensions
      ? new Uint8Array(0)
      : vector16(concat(...extensionsOf(spec).map(encodeExtension))),
  );
  return concat(Uint8Array.of(1), u24(body.length), body);
}

/** The extensions that {@linkcode buildClientHello} writes for a spec, in order. */
export function extensionsOf(spec: ClientHelloSpec): RawExtension[] {
  const list: RawExtension[] = [];
  if (spec.serverName !== undefined) {
    list.push({ type: 0, data: serverNameData([{ type: 0, name: latin1(spec.serverName) }]) });
  }
  if (spec.alpn !== undefined) list.push({ type: 16, data: alpnData(spec.alpn) });
  if (spec.supportedVersions !== undefined) {
    list.push({ type: 43, data: vector8(concat(...spec.supportedVersions.map(u16))) });
  }
  if (spec.keyShareLength !== undefined) {
    const group = spec.keyShareLength > 1000 ? 0x11ec : 0x001d;
    const share = concat(u16(group), vector16(filled(spec.keyShareLength, 0x33)));
    list.push({ type: 51, data: vector16(share) });
  }
  if (spec.echPayloadLength !== undefined) {
    list.push({
      type: 0xfe0d,
      data: concat(
        Uint8Array.of(0, 0, 1, 0, 1, 7), // outer, HKDF-SHA256, AES-128-GCM, config_id 7
        vector16(filled(32, 0x44)),
        vector16(filled(spec.echPayloadLength, 0x55)),
      ),
    });
  }
  return [...list, ...spec.extensions ?? []];
}

/** Data of a server_name extension; any type and bytes of names. */
export function serverNameData(
  names: readonly { readonly type: number; readonly name: Uint8Array }[],
): Uint8Array {
  return vector16(
    concat(...names.map(({ type, name }) => concat(Uint8Array.of(type), vector16(name)))),
  );
}

/** Data of an ALPN extension. */
export function alpnData(names: readonly string[]): Uint8Array {
  return vector16(concat(...names.map((name) => vector8(latin1(name)))));
}

/**
 * Cuts handshake bytes into TLS records. `sizes` are the payload sizes of the records in turn; the last one is used again
 * until the bytes are used up.
 */
export function toRecords(
  handshake: Uint8Array,
  sizes: readonly number[] = [16384],
  version = 0x0301,
): Uint8Array {
  const records: Uint8Array[] = [];
  let offset = 0;
  for (let i = 0; offset < handshake.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)] ?? 16384;
    const payload = handshake.subarray(offset, offset + size);
    records.push(concat(Uint8Array.of(22), u16(version), vector16(payload)));
    offset += payload.length;
  }
  return concat(...records);
}

/** All parts one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Two bytes, big-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

/** Bytes behind their length in one byte. */
export function vector8(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(bytes.length), bytes);
}

/** Bytes behind their length in two bytes. */
export function vector16(bytes: Uint8Array): Uint8Array {
  return concat(u16(bytes.length), bytes);
}

/** A string's characters as bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function encodeExtension({ type, data }: RawExtension): Uint8Array {
  return concat(u16(type), vector16(data));
}

function u24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value);
}

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
