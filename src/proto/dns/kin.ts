/**
 * Protocols with the message format of DNS that are not DNS: multicast DNS (RFC 6762), Link-Local Multicast Name Resolution
 * (RFC 4795) and the NetBIOS name service (RFC 1002 §4.2).
 *
 * @module
 */

import { HEADER_LENGTH, u16 } from "./message.ts";

const A = 1;
const PTR = 12;
const AAAA = 28;
const ANY = 255;

/** Types of NetBIOS (RFC 1002 §4.2.1.2); the second is also that of SRV records in DNS. */
const NB = 0x20;
const NBSTAT = 0x21;

/** Length of a NetBIOS name in its first label: each half byte of sixteen as a letter from A to P (RFC 1001 §14.1). */
const NETBIOS_NAME = 32;

/**
 * Whether a datagram with a well-formed question is rather a request of one of the kin.
 *
 * @param questionEnd where the question ends
 */
export function isOfKin(datagram: Uint8Array, questionEnd: number): boolean {
  const type = u16(datagram, questionEnd - 4);
  return isNetbios(datagram, type) || isMulticastDns(datagram) ||
    isLlmnr(datagram, questionEnd, type);
}

function isNetbios(datagram: Uint8Array, type: number): boolean {
  if (type !== NB && type !== NBSTAT) return false;
  if (datagram[HEADER_LENGTH] !== NETBIOS_NAME) return false;
  for (let i = 1; i <= NETBIOS_NAME; i++) {
    const byte = datagram[HEADER_LENGTH + i] ?? 0;
    if (byte < 0x41 || byte > 0x50) return false;
  }
  return true;
}

/** Queries have no ID and no flags (RFC 6762 §18); those of DNS have an ID that cannot be guessed (RFC 5452 §9.2). */
function isMulticastDns(datagram: Uint8Array): boolean {
  return u16(datagram, 0) === 0 && u16(datagram, 2) === 0;
}

/**
 * Queries do not ask for recursion, nor have any other flag or an OPT record, and look up addresses for names of one label,
 * or names for addresses (RFC 4795 §2.1.1, §2.4). A resolver that asks name servers such things would send an OPT record.
 */
function isLlmnr(datagram: Uint8Array, questionEnd: number, type: number): boolean {
  if (u16(datagram, 2) !== 0 || questionEnd !== datagram.length) return false;
  if (type === PTR) return true;
  const rootOffset = HEADER_LENGTH + 1 + (datagram[HEADER_LENGTH] ?? 0);
  const hasOneLabel = datagram[HEADER_LENGTH] !== 0 && rootOffset === questionEnd - 5;
  return hasOneLabel && (type === A || type === AAAA || type === ANY);
}
