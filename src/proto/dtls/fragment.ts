/**
 * Fragments of a ClientHello in datagrams of DTLS (RFC 6347 §4.1, §4.2.2; RFC 9147 §4, §5.2).
 *
 * @module
 */

import { MAX_CLIENT_HELLO } from "../../model/limits.ts";
import { Reader } from "../bytes.ts";
import { CLIENT_HELLO_TYPE, HANDSHAKE_HEADER } from "../tls/client_hello.ts";

/** A piece of a ClientHello. */
export interface HelloFragment {
  /** Which message of the client it is of: 0, or more once a server has answered the first. */
  readonly sequence: number;
  /** Bytes of the whole message, without its header. */
  readonly length: number;
  /** Where in the message the piece begins. */
  readonly offset: number;
  /** A view of the datagram. */
  readonly bytes: Uint8Array;
}

const HANDSHAKE = 22;
/** Where in a record its length stands, behind type, version, epoch and sequence number. */
const LENGTH_OFFSET = 11;
/** Version, random and four vectors, with one cipher suite and one compression method. */
const MIN_HELLO = 2 + 32 + 1 + 1 + (2 + 2) + (1 + 1);
const MAX_HELLO = MAX_CLIENT_HELLO - HANDSHAKE_HEADER;
const NO_FRAGMENTS: readonly HelloFragment[] = Object.freeze([]);

/**
 * The fragments at the start of a datagram. Records are read up to the first that cannot be of a first flight; what follows
 * there, such as early data of DTLS 1.3, is left alone.
 */
export function readHelloFragments(datagram: Uint8Array): readonly HelloFragment[] {
  if (!isPlaintextHandshake(datagram, 0)) return NO_FRAGMENTS;
  const fragments: HelloFragment[] = [];
  for (let start = 0; isPlaintextHandshake(datagram, start);) {
    const header = new Reader(datagram, start + LENGTH_OFFSET);
    const record = header.sub(header.u16());
    if (record.overrun || !readRecord(record, fragments)) break;
    start = header.offset;
  }
  return fragments;
}

/** Whether a record header stands here: of a handshake message, of a version of DTLS, and not encrypted (epoch 0). */
function isPlaintextHandshake(datagram: Uint8Array, start: number): boolean {
  return datagram[start] === HANDSHAKE &&
    isVersion(datagram[start + 1] ?? 0, datagram[start + 2] ?? 0) &&
    datagram[start + 3] === 0 && datagram[start + 4] === 0;
}

/** DTLS 1.0 is 0xfeff, 1.2 and the records of 1.3 are 0xfefd, and 0x0100 is from before the first RFC. */
function isVersion(major: number, minor: number): boolean {
  return major === 0xfe ? minor === 0xff || minor === 0xfd : major === 1 && minor === 0;
}

/** Whether the record holds fragments of a ClientHello and nothing else; those before a fault are taken all the same. */
function readRecord(record: Reader, fragments: HelloFragment[]): boolean {
  do {
    const type = record.u8();
    const length = record.u24();
    const sequence = record.u16();
    const offset = record.u24();
    const bytes = record.take(record.u24());
    if (record.overrun || type !== CLIENT_HELLO_TYPE) return false;
    if (length < MIN_HELLO || length > MAX_HELLO) return false;
    if (bytes.length === 0 || offset + bytes.length > length) return false;
    fragments.push({ sequence, length, offset, bytes });
  } while (record.remaining > 0);
  return true;
}
