/**
 * Blocks of PEM in a text (RFC 7468), with whatever else stands around them.
 *
 * @module
 */

import { ValueError } from "../config/value_error.ts";

/** What stands between `-----BEGIN LABEL-----` and `-----END LABEL-----`. */
export interface PemBlock {
  /** Such as `PRIVATE KEY`. */
  readonly label: string;
  /** Base64, with its line breaks. */
  readonly body: string;
}

/** Characters of base64 in a line (RFC 7468 §2). */
const LINE_LENGTH = 64;

const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----\s*$/;

/**
 * Finds all blocks in the order of the text.
 *
 * @throws {ValueError} when a block has no end; what stands in it is never shown
 */
export function findPemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly end: string } | null = null;
  let body = "";
  for (const line of text.split(/\r?\n/)) {
    if (open === null) {
      const label = BEGIN.exec(line)?.[1];
      if (label !== undefined) open = { label, end: `-----END ${label}-----` };
    } else if (line.trimEnd() === open.end) {
      blocks.push({ label: open.label, body });
      open = null;
      body = "";
    } else {
      body += `${line}\n`;
    }
  }
  if (open === null) return blocks;
  throw new ValueError(`The block "${open.label}" has no line "${open.end}"`);
}

/**
 * The bytes of a block.
 *
 * @throws {ValueError} when it does not hold base64
 */
export function decodePemBlock({ label, body }: PemBlock): Uint8Array {
  try {
    return Uint8Array.fromBase64(body);
  } catch {
    throw new ValueError(`What stands in the block "${label}" is not base64`);
  }
}

/** Writes a block; ends with a line feed. */
export function encodePemBlock(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
