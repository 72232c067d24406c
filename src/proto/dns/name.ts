/**
 * Names in messages of DNS (RFC 1035 §3.1, §4.1.4).
 *
 * @module
 */

/** Longest name, its length bytes and the zero at its end included (RFC 1035 §2.3.4). */
const MAX_NAME = 255;
const MAX_LABEL = 63;

/** A length byte with these bits is the first of a pointer. */
const POINTER = 0xc0;

/** A name that was read. */
export interface DnsName {
  /** In lower case, without a dot at its end; empty for the root. Bytes that no host name has are `\DDD`. */
  readonly name: string;
  /** Behind the name where it stands, its pointer included. */
  readonly end: number;
}

/**
 * Reads the name at `start`; null where there is none.
 *
 * @param options.mayPoint whether its end may stand earlier in the message
 */
export function readDnsName(
  message: Uint8Array,
  start: number,
  options: { readonly mayPoint: boolean },
): DnsName | null {
  const labels: string[] = [];
  let position = start;
  let end: number | null = null;
  // Each pointer leads to before the last one: that bounds their number, and no name can go round in circles.
  let limit = start;
  for (let length = 1; length <= MAX_NAME;) {
    const byte = message[position];
    if (byte === undefined) return null;
    if (byte === 0) return { name: labels.join("."), end: end ?? position + 1 };
    if (byte >= POINTER) {
      const low = message[position + 1];
      if (low === undefined || !options.mayPoint) return null;
      end ??= position + 2;
      position = (byte - POINTER) << 8 | low;
      if (position >= limit) return null;
      limit = position;
      continue;
    }
    const next = position + 1 + byte;
    if (byte > MAX_LABEL || next > message.length) return null;
    labels.push(escapeLabel(message.subarray(position + 1, next)));
    length += byte + 1;
    position = next;
  }
  return null;
}

/** Writes the name of a host, which must be a canonical one. */
export function encodeDnsName(name: string): Uint8Array {
  const labels = name.split(".").map((label) => new TextEncoder().encode(label));
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
}

function escapeLabel(label: Uint8Array): string {
  let text = "";
  for (const byte of label) {
    const character = String.fromCharCode(byte);
    text += /[\w*-]/.test(character)
      ? character.toLowerCase()
      : `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}
