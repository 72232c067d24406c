/**
 * The Huffman code of HPACK (RFC 7541 §5.2, Appendix B).
 *
 * @module
 */

/**
 * Bits of each symbol's code: 256 bytes and EOS. The code is canonical, symbols being in order of length and then of
 * value, so that the codes themselves follow.
 */
// deno-fmt-ignore
const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const EOS = 256;
const LONGEST = 30;

/** Codes of each length. */
const COUNTS = new Uint16Array(LONGEST + 1);
for (const length of CODE_LENGTHS) COUNTS[length] = (COUNTS[length] ?? 0) + 1;

/** The first code of each length, and where its symbol is. */
const FIRST_CODES = new Uint32Array(LONGEST + 1);
const FIRST_SYMBOLS = new Uint16Array(LONGEST + 1);
for (let length = 1; length <= LONGEST; length++) {
  const count = COUNTS[length - 1] ?? 0;
  FIRST_CODES[length] = ((FIRST_CODES[length - 1] ?? 0) + count) << 1;
  FIRST_SYMBOLS[length] = (FIRST_SYMBOLS[length - 1] ?? 0) + count;
}

const SYMBOLS = Uint16Array.from(CODE_LENGTHS.keys())
  .sort((a, b) => (CODE_LENGTHS[a] ?? 0) - (CODE_LENGTHS[b] ?? 0) || a - b);

/** The bytes that a code stands for; null where it has an EOS, or ends in anything but up to seven bits of one. */
export function decodeHuffman(coded: Uint8Array): Uint8Array | null {
  const decoded = new Uint8Array(Math.floor(coded.length * 8 / 5)); // no code is shorter than five bits
  let size = 0;
  let code = 0;
  let length = 0;
  for (const byte of coded) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code << 1 | (byte >> bit & 1);
      length++;
      const offset = code - (FIRST_CODES[length] ?? 0);
      if (offset >= (COUNTS[length] ?? 0)) continue;
      const symbol = SYMBOLS[(FIRST_SYMBOLS[length] ?? 0) + offset] ?? EOS;
      if (symbol === EOS) return null;
      decoded[size++] = symbol;
      code = 0;
      length = 0;
    }
  }
  const isPadding = length < 8 && code === (1 << length) - 1;
  return isPadding ? decoded.subarray(0, size) : null;
}
