/**
 * CRC-32C (RFC 3720 §B.4), the checksum of PROXY protocol headers.
 *
 * @module
 */

/** Bytes of the checksum. */
export const CRC32C_LENGTH = 4;

const POLYNOMIAL = 0x82f63b78; // Castagnoli, bits reversed

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? remainder >>> 1 ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** The checksum of all bytes, with those of the checksum itself, from `offset` on, taken as zero. */
export function crc32cWithout(bytes: Uint8Array, offset: number): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    const isOwn = i >= offset && i < offset + CRC32C_LENGTH;
    const byte = isOwn ? 0 : bytes[i] ?? 0;
    crc = crc >>> 8 ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
