/**
 * What goes beside a datagram: the local address, and the size of the segments in it. See cmsg(3), ip(7), udp(7).
 *
 * @module
 */

import {
  CMSGHDR,
  IN6_PKTINFO,
  IN_PKTINFO,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_PKTINFO,
  UDP_GRO,
  UDP_SEGMENT,
} from "../sys/layout.ts";

const LENGTH = CMSGHDR.length / 4;
const LEVEL = CMSGHDR.level / 4;
const TYPE = CMSGHDR.type / 4;
const DATA = CMSGHDR.data / 4;
const SEGMENT_SIZE_BYTES = 2;

/**
 * The word at which the data of a control message begins, or -1.
 *
 * @param start the word at which the control messages begin
 * @param bytes their length
 */
function find(words: Uint32Array, start: number, bytes: number, level: number, type: number) {
  for (let offset = 0; offset + CMSGHDR.size <= bytes;) {
    const header = start + offset / 4;
    if (words[header + LEVEL] === level && words[header + TYPE] === type) return header + DATA;
    offset += aligned(Math.max(words[header + LENGTH] ?? 0, CMSGHDR.size));
  }
  return -1;
}

/** The size of the datagrams that were received as one (UDP_GRO); 0 where it is a single one. */
export function readSegmentSize(words: Uint32Array, start: number, bytes: number): number {
  const at = find(words, start, bytes, IPPROTO_UDP, UDP_GRO);
  return at < 0 ? 0 : words[at] ?? 0;
}

/** The word at which the IPv4 address that was hit is, or -1. */
export function findLocalIpv4(words: Uint32Array, start: number, bytes: number): number {
  const at = find(words, start, bytes, IPPROTO_IP, IP_PKTINFO);
  return at < 0 ? -1 : at + IN_PKTINFO.local / 4;
}

/** The first of the four words of the IPv6 address that was hit, or -1. */
export function findLocalIpv6(words: Uint32Array, start: number, bytes: number): number {
  const at = find(words, start, bytes, IPPROTO_IPV6, IPV6_PKTINFO);
  return at < 0 ? -1 : at + IN6_PKTINFO.address / 4;
}

/** Writes the IPv4 address to send from. Returns the bytes that the message takes. */
export function writeLocalIpv4(words: Uint32Array, start: number, local: number): number {
  const at = writeHeader(words, start, IPPROTO_IP, IP_PKTINFO, IN_PKTINFO.size);
  words[at + IN_PKTINFO.interfaceIndex / 4] = 0;
  words[at + IN_PKTINFO.local / 4] = local;
  words[at + IN_PKTINFO.destination / 4] = 0;
  return aligned(CMSGHDR.size + IN_PKTINFO.size);
}

/**
 * Writes the IPv6 address to send from: four words of `address`, from `first` on.
 *
 * @param interfaceIndex needed for a link-local address; 0 = any
 * @returns the bytes that the message takes
 */
export function writeLocalIpv6(
  words: Uint32Array,
  start: number,
  address: Uint32Array,
  first: number,
  interfaceIndex: number,
): number {
  const at = writeHeader(words, start, IPPROTO_IPV6, IPV6_PKTINFO, IN6_PKTINFO.size);
  for (let index = 0; index < 4; index++) {
    words[at + IN6_PKTINFO.address / 4 + index] = address[first + index] ?? 0;
  }
  words[at + IN6_PKTINFO.interfaceIndex / 4] = interfaceIndex;
  return aligned(CMSGHDR.size + IN6_PKTINFO.size);
}

/** Bytes that {@linkcode writeSegmentSize} takes. */
export const SEGMENT_SIZE_SPACE = aligned(CMSGHDR.size + SEGMENT_SIZE_BYTES);

/** Writes the size of the datagrams that the kernel is to cut out of one. Returns the bytes that the message takes. */
export function writeSegmentSize(words: Uint32Array, start: number, size: number): number {
  words[writeHeader(words, start, IPPROTO_UDP, UDP_SEGMENT, SEGMENT_SIZE_BYTES)] = size;
  return SEGMENT_SIZE_SPACE;
}

/** Returns the word at which the data begins. */
function writeHeader(
  words: Uint32Array,
  start: number,
  level: number,
  type: number,
  bytes: number,
): number {
  words[start + LENGTH] = CMSGHDR.size + bytes;
  words[start + LENGTH + 1] = 0;
  words[start + LEVEL] = level;
  words[start + TYPE] = type;
  return start + DATA;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / CMSGHDR.alignment) * CMSGHDR.alignment;
}
