/**
 * Version 2 (proxy-protocol.txt §2.2): a binary header with type-length-value vectors.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import { MAX_PROXY_HEADER } from "../../model/limits.ts";
import type { MalformedCode, Verdict } from "../../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { formatIp, parseIp, toIpv6Bytes } from "../ip.ts";
import { MALFORMED } from "../malformed.ts";
import { CRC32C_LENGTH, crc32cWithout } from "./crc32c.ts";
import { keepPeer, type ProxiedConnection, type ProxyHeader } from "./header.ts";

/** What a header begins with. */
export const SIGNATURE: Uint8Array = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
/** Bytes before the addresses. */
export const FIXED_LENGTH = 16;
const VERSION = 2;
const COMMAND = { local: 0, proxy: 1 } as const;
const FAMILY = { unspec: 0, inet: 1, inet6: 2, unix: 3 } as const;
const TRANSPORT = { unspec: 0, stream: 1, dgram: 2 } as const;
const UNIX_ADDRESSES = 216;
const PP2_TYPE_CRC32C = 3;

/** Reads a version 2 header. */
export function parseV2(head: Uint8Array): Verdict<ProxyHeader> {
  const known = Math.min(head.length, SIGNATURE.length);
  for (let i = 0; i < known; i++) if (head[i] !== SIGNATURE[i]) return NO_MATCH;
  if (head.length < FIXED_LENGTH) return NEED_MORE;

  if (!hasKnownCommand(head)) return MALFORMED.bad_value;
  const fixed = new Reader(head, SIGNATURE.length);
  const command = fixed.u8() & 0xf;
  const familyAndTransport = fixed.u8();
  const length = FIXED_LENGTH + fixed.u16();
  if (length > MAX_PROXY_HEADER) return MALFORMED.too_long;
  if (head.length < length) return NEED_MORE;
  if (command === COMMAND.local) return keepPeer(length, null); // whatever the rest says
  return parseProxied(head.subarray(0, length), familyAndTransport >> 4, familyAndTransport & 0xf);
}

/** Whether version and command, behind the signature, are ones that there are. */
export function hasKnownCommand(head: Uint8Array): boolean {
  const versionAndCommand = head[SIGNATURE.length] ?? 0;
  return versionAndCommand >> 4 === VERSION && (versionAndCommand & 0xf) <= COMMAND.proxy;
}

/** Writes a version 2 header; UNSPEC where an address is no IP address. TLVs that cannot be read are left out. */
export function encodeV2({ source, destination, tlvs }: ProxiedConnection): Uint8Array {
  const from = parseIp(source.host);
  const to = parseIp(destination.host);
  if (from === null || to === null) return fixedPart(FAMILY.unspec, TRANSPORT.unspec, 0);

  const isIpv4 = from.length === 4 && to.length === 4;
  const width = isIpv4 ? 4 : 16;
  const addresses = 2 * width + 4;
  const passed = tlvs !== null && tlvs.length <= MAX_PROXY_HEADER ? tlvs : new Uint8Array(0);
  const checksum = locateChecksum(new Reader(passed));
  const kept = typeof checksum === "string" ? 0 : passed.length;

  const family = isIpv4 ? FAMILY.inet : FAMILY.inet6;
  const header = fixedPart(family, TRANSPORT.stream, addresses + kept);
  header.set(isIpv4 ? from : toIpv6Bytes(from), FIXED_LENGTH);
  header.set(isIpv4 ? to : toIpv6Bytes(to), FIXED_LENGTH + width);
  const view = new DataView(header.buffer);
  view.setUint16(FIXED_LENGTH + 2 * width, source.port);
  view.setUint16(FIXED_LENGTH + 2 * width + 2, destination.port);
  if (kept > 0) header.set(passed, FIXED_LENGTH + addresses);
  if (typeof checksum === "number") {
    const at = FIXED_LENGTH + addresses + checksum;
    view.setUint32(at, crc32cWithout(header, at));
  }
  return header;
}

function parseProxied(header: Uint8Array, family: number, transport: number): Verdict<ProxyHeader> {
  if (family > FAMILY.unix || transport > TRANSPORT.dgram) return MALFORMED.bad_value;
  // Without a family nobody can tell where addresses end and TLVs begin.
  if (family === FAMILY.unspec) return keepPeer(header.length, null);

  const body = new Reader(header, FIXED_LENGTH);
  let endpoints: Endpoints | null = null;
  if (family === FAMILY.unix) body.skip(UNIX_ADDRESSES);
  else endpoints = readEndpoints(body, family === FAMILY.inet ? 4 : 16);
  if (body.overrun) return MALFORMED.bad_length;

  const tlvs = new Uint8Array(header.subarray(body.offset)); // a copy of any subclass, too
  const checksum = locateChecksum(body);
  if (typeof checksum === "string") return MALFORMED[checksum];
  if (checksum !== null) {
    const stated = new Reader(header, checksum).u32();
    if (stated !== crc32cWithout(header, checksum)) return MALFORMED.bad_checksum;
  }
  const rest = tlvs.length > 0 ? tlvs : null;
  if (endpoints === null || transport === TRANSPORT.unspec) return keepPeer(header.length, rest);
  return { kind: "match", value: { length: header.length, ...endpoints, tlvs: rest } };
}

interface Endpoints {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
}

function readEndpoints(body: Reader, width: 4 | 16): Endpoints {
  const source = body.take(width);
  const destination = body.take(width);
  const sourcePort = body.u16();
  const destinationPort = body.u16();
  return {
    source: { host: formatIp(source), port: sourcePort },
    destination: { host: formatIp(destination), port: destinationPort },
  };
}

/** Offset of the value of PP2_TYPE_CRC32C (§2.2.3), null without one; a fault where the TLVs cannot be read. */
function locateChecksum(tlvs: Reader): number | null | MalformedCode {
  let found: number | null = null;
  while (tlvs.remaining > 0) {
    const type = tlvs.u8();
    const value = tlvs.sub(tlvs.u16());
    if (value.overrun) return "bad_length";
    if (type !== PP2_TYPE_CRC32C) continue;
    if (value.remaining !== CRC32C_LENGTH) return "bad_length";
    if (found !== null) return "duplicate";
    found = value.offset;
  }
  return found;
}

/** A header of its final size with all but the addresses and TLVs written. */
function fixedPart(family: number, transport: number, length: number): Uint8Array {
  const header = new Uint8Array(FIXED_LENGTH + length);
  header.set(SIGNATURE);
  header[12] = VERSION << 4 | COMMAND.proxy;
  header[13] = family << 4 | transport;
  new DataView(header.buffer).setUint16(14, length);
  return header;
}
