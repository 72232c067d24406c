/**
 * What a UDP session is known by, as words: who sends, and which of our addresses they send to.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import { formatIp } from "../../../proto/ip.ts";
import { SOCKADDR_IN, SOCKADDR_IN6 } from "../sys/layout.ts";
import { decodeSockaddr } from "../sys/socket_address.ts";
import {
  findLocalIpv4,
  findLocalIpv6,
  writeLocalIpv4,
  writeLocalIpv6,
} from "./control_messages.ts";
import { CONTROL_WORDS, type MessageHeaders, NAME_WORDS } from "./message_headers.ts";

/** How the addresses of a datagram become a key, and the key those of a reply. One for each family. */
export interface SessionKeys {
  /** Words of a key. */
  readonly words: number;
  /** Bytes of the name of a reply. */
  readonly nameBytes: number;
  /**
   * Writes the key of a received message.
   *
   * @param withLocal whether to tell apart the local addresses that were hit
   * @returns false where the message does not say what it should
   */
  read(headers: MessageHeaders, message: number, withLocal: boolean, key: Uint32Array): boolean;
  /** Writes the client's address as the name of a message. */
  writeName(key: Uint32Array, names: Uint32Array, message: number): void;
  /** Writes the local address as that to send from. Returns the bytes that this takes. */
  writeLocal(key: Uint32Array, control: Uint32Array, message: number): number;
  /** The client's address. */
  peer(key: Uint32Array): SocketAddress;
  /** The local IP address; only where the key has it. */
  localHost(key: Uint32Array): string;
}

/** `AF_INET`: the first word of the `sockaddr_in`, which is family and port, the address, the local address. */
export const IPV4_KEYS: SessionKeys = {
  words: 3,
  nameBytes: SOCKADDR_IN.size,

  read(headers, message, withLocal, key) {
    const { names, control } = headers;
    const name = message * NAME_WORDS;
    key[0] = names[name] ?? 0;
    key[1] = names[name + SOCKADDR_IN.address / 4] ?? 0;
    key[2] = 0;
    if (!withLocal) return true;
    const local = findLocalIpv4(control, message * CONTROL_WORDS, headers.controlLength(message));
    key[2] = control[local] ?? 0;
    return local >= 0;
  },

  writeName(key, names, message) {
    const name = message * NAME_WORDS;
    names[name] = key[0] ?? 0;
    names[name + 1] = key[1] ?? 0;
    names[name + 2] = 0;
    names[name + 3] = 0;
  },

  writeLocal: (key, control, message) =>
    writeLocalIpv4(control, message * CONTROL_WORDS, key[2] ?? 0),

  peer: (key) => toAddress(Uint32Array.of(key[0] ?? 0, key[1] ?? 0, 0, 0)),

  localHost: (key) => formatIp(bytesOf(key.slice(2, 3))),
};

/**
 * `AF_INET6`: the first word of the `sockaddr_in6`, the four of the address, the scope, which tells apart the same
 * link-local address on two links, and the four of the local address.
 */
export const IPV6_KEYS: SessionKeys = {
  words: 10,
  nameBytes: SOCKADDR_IN6.size,

  read(headers, message, withLocal, key) {
    const { names, control } = headers;
    const name = message * NAME_WORDS;
    key.fill(0);
    key[0] = names[name] ?? 0;
    // The flow label in between may change from datagram to datagram. The scope comes behind the address.
    for (let index = 0; index < 5; index++) {
      key[1 + index] = names[name + SOCKADDR_IN6.address / 4 + index] ?? 0;
    }
    if (!withLocal) return true;
    const local = findLocalIpv6(control, message * CONTROL_WORDS, headers.controlLength(message));
    for (let index = 0; index < 4; index++) key[6 + index] = control[local + index] ?? 0;
    return local >= 0;
  },

  writeName(key, names, message) {
    const name = message * NAME_WORDS;
    names[name] = key[0] ?? 0;
    names[name + 1] = 0;
    for (let index = 0; index < 5; index++) names[name + 2 + index] = key[1 + index] ?? 0;
  },

  writeLocal: (key, control, message) =>
    writeLocalIpv6(control, message * CONTROL_WORDS, key, 6, key[5] ?? 0),

  peer: (key) => toAddress(Uint32Array.of(key[0] ?? 0, 0, ...key.slice(1, 6))),

  localHost: (key) => formatIp(bytesOf(key.slice(6, 10))),
};

/** The keys of the sessions of a socket that is bound to an address. */
export function sessionKeysFor(host: string): SessionKeys {
  return host.includes(":") ? IPV6_KEYS : IPV4_KEYS;
}

function toAddress(sockaddr: Uint32Array): SocketAddress {
  const address = decodeSockaddr(bytesOf(sockaddr));
  if (address === null) throw new Error("a datagram came from no IP address");
  return address;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
