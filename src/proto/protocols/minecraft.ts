/**
 * Minecraft, Java Edition: the handshake of Java clients (minecraft.wiki, "Java Edition protocol", Handshaking) and the
 * server list ping of 1.6 ("Java Edition protocol/Server List Ping").
 *
 * @module
 */

import type { Detected } from "../../model/protocol.ts";
import { NEED_MORE, NO_MATCH, type Verdict } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { plainMatch, type TcpProtocolSpec } from "../detector.ts";
import { canonicalHostName } from "../host_name.ts";
import { findMarkEnd } from "../marks.ts";

const SPACE = 0x20;
const DELETE = 0x7f;

/** Packet ID of a ping, its payload, and a plugin message of the channel `MC|PingHost`. Text is in UTF-16. */
const PING = Uint8Array.of(
  0xfe,
  0x01,
  0xfa,
  0x00,
  11,
  ...[..."MC|PingHost"].flatMap((character) => [0, character.charCodeAt(0)]),
);
/** The length of all that is behind it, the protocol's version, the number of characters of the host; host and port. */
const PING_VERSION_OFFSET = PING.length + 2;
const PING_HOST_OFFSET = PING_VERSION_OFFSET + 1 + 2;
const PING_PORT_LENGTH = 4;

const HANDSHAKE = 0x00;
/** Behind the host: a port, and what is wanted next. */
const PORT_LENGTH = 2;
const INTENT = { status: 1, transfer: 3 } as const;
/** Packet ID, version, length of an empty host, port and intent. */
const LEAST_HANDSHAKE = 3 + PORT_LENGTH + 1;

/** Longest host in characters (§Handshake: String of 255), without what some clients put behind it. */
const MAX_HOST = 255;

/** Bytes of VarInts: the length of a packet, any number, the length of a string. */
const MAX_LENGTH_BYTES = 3;
const MAX_VARINT_BYTES = 5;

/** Java Edition. */
export const MINECRAFT: TcpProtocolSpec = {
  name: "minecraft",
  certainty: "strong",
  bound: PING_HOST_OFFSET + 2 * MAX_HOST + PING_PORT_LENGTH,
  fields: ["host"],
  versions: ["protocol *"],
  prepare: ({ fields }) => {
    const wantsHost = fields.has("host");
    const detector = (head: Uint8Array) => detectMinecraft(head, wantsHost);
    return () => detector;
  },
};

/** Recognises a handshake by lengths that agree, and a ping of 1.6 by its channel. */
export function detectMinecraft(head: Uint8Array, wantsHost = false): Verdict<Detected> {
  return head[0] === PING[0] ? detectPing(head, wantsHost) : detectHandshake(head, wantsHost);
}

function detectHandshake(head: Uint8Array, wantsHost: boolean): Verdict<Detected> {
  const start = findVarintEnd(head, 0, MAX_LENGTH_BYTES);
  if (typeof start !== "number") return start;
  const length = readVarint(head, 0, start);
  if (length < LEAST_HANDSHAKE) return NO_MATCH;
  const packetId = head[start];
  if (packetId === undefined) return NEED_MORE;
  if (packetId !== HANDSHAKE) return NO_MATCH;
  const versionEnd = findVarintEnd(head, start + 1, MAX_VARINT_BYTES);
  if (typeof versionEnd !== "number") return versionEnd;
  const host = findVarintEnd(head, versionEnd, MAX_LENGTH_BYTES);
  if (typeof host !== "number") return host;
  const fieldEnd = host + readVarint(head, versionEnd, host);
  if (fieldEnd + PORT_LENGTH + 1 !== start + length) return NO_MATCH;

  const hostEnd = findHostEnd(head, host, fieldEnd);
  if (typeof hostEnd !== "number") return hostEnd;
  const end = hostEnd < fieldEnd ? hostEnd + 1 : start + length;
  if (head.length < end) return NEED_MORE;
  if (end === start + length && !isIntent(head[end - 1])) return NO_MATCH;
  const version = describeVersion(readVarint(head, start + 1, versionEnd));
  return plainMatch(
    "minecraft",
    version,
    end,
    wantsHost ? hostField(latin1(head.subarray(host, hostEnd))) : undefined,
  );
}

/**
 * Where the host ends: with its field, or before a zero byte, behind which are the marks of Forge (`FML`, `FML2` …), or the
 * addresses that a proxy passes on. These are not waited for, as they may be long.
 */
function findHostEnd(head: Uint8Array, start: number, fieldEnd: number): Step {
  for (let i = start; i < fieldEnd; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte === 0 && i > start) return i;
    if (byte <= SPACE || byte === DELETE || i === start + MAX_HOST) return NO_MATCH;
  }
  return fieldEnd;
}

function detectPing(head: Uint8Array, wantsHost: boolean): Verdict<Detected> {
  const markEnd = findMarkEnd(head, 0, PING);
  if (typeof markEnd !== "number") return markEnd;
  if (head.length < PING_HOST_OFFSET) return NEED_MORE;
  const restLength = readU16(head, markEnd);
  const hostLength = readU16(head, PING_HOST_OFFSET - 2);
  const hostEnd = PING_HOST_OFFSET + 2 * hostLength;
  const end = hostEnd + PING_PORT_LENGTH;
  if (hostLength > MAX_HOST || end !== PING_VERSION_OFFSET + restLength) return NO_MATCH;
  if (head.length < end) return NEED_MORE;
  const version = describeVersion(head[PING_VERSION_OFFSET] ?? 0);
  const text = head.subarray(PING_HOST_OFFSET, hostEnd);
  return plainMatch("minecraft", version, end, wantsHost ? hostField(utf16(text)) : undefined);
}

/** Clients that only ping may say that they have no version: -1. */
function describeVersion(version: number): string | null {
  return version < 0 ? null : `protocol ${version}`;
}

function hostField(text: string): { readonly host: string } | undefined {
  const host = canonicalHostName(text);
  return host === null ? undefined : { host };
}

/** Text of characters of two bytes, the upper one first. */
function utf16(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) text += String.fromCharCode(readU16(bytes, i));
  return text;
}

function isIntent(byte: number | undefined): boolean {
  return byte !== undefined && byte >= INTENT.status && byte <= INTENT.transfer;
}

/** An offset, or why there is none. */
type Step = number | typeof NEED_MORE | typeof NO_MATCH;

/** Where the VarInt at `start` ends: with the first byte whose upper bit is clear. */
function findVarintEnd(head: Uint8Array, start: number, maxBytes: number): Step {
  for (let i = start; i < start + maxBytes; i++) {
    const byte = head[i];
    if (byte === undefined) return NEED_MORE;
    if (byte < 0x80) return i + 1;
  }
  return NO_MATCH;
}

/** A VarInt: 32 bits, signed, the least significant seven first. */
function readVarint(head: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value |= ((head[i] ?? 0) & 0x7f) << 7 * (i - start);
  return value;
}

function readU16(head: Uint8Array, offset: number): number {
  return (head[offset] ?? 0) << 8 | (head[offset + 1] ?? 0);
}
