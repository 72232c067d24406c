/**
 * Builds first flights of DTLS, well-formed or broken on purpose.
 *
 * @module
 */

import { concat, u16, vector8 } from "./client_hello_builder.ts";

/** How a hello is cut into fragments. Absent parts have defaults. */
export interface DtlsFlightSpec {
  /** Version of the records; default DTLS 1.2. */
  readonly version?: number;
  /** Number of the message; default 0. */
  readonly sequence?: number;
  /** Sizes of the fragments, the last one repeated; default: one fragment. */
  readonly sizes?: readonly number[];
}

/** The body of a hello of DTLS from a message of TLS: with a cookie, and in place of its version another. */
export function toDtlsHello(
  message: Uint8Array,
  { version = 0xfefd, cookie = new Uint8Array(0) }: {
    readonly version?: number;
    readonly cookie?: Uint8Array;
  } = {},
): Uint8Array {
  const body = message.subarray(4);
  const cookieStart = 2 + 32 + 1 + (body[34] ?? 0);
  return concat(
    u16(version),
    body.subarray(2, cookieStart),
    vector8(cookie),
    body.subarray(cookieStart),
  );
}

/** One record for each fragment of a hello. */
export function toDtlsRecords(
  body: Uint8Array,
  { version = 0xfefd, sequence = 0, sizes = [body.length] }: DtlsFlightSpec = {},
): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let offset = 0; offset < body.length;) {
    const size = Math.max(1, sizes[Math.min(records.length, sizes.length - 1)] ?? body.length);
    const bytes = body.subarray(offset, offset + size);
    const fragment = dtlsFragment(bytes, { length: body.length, sequence, offset });
    records.push(dtlsRecord(fragment, { version, number: records.length }));
    offset += bytes.length;
  }
  return records;
}

/** A fragment of a handshake message (RFC 6347 §4.2.2). */
export function dtlsFragment(
  bytes: Uint8Array,
  { type = 1, length = bytes.length, sequence = 0, offset = 0, size = bytes.length }: {
    readonly type?: number;
    readonly length?: number;
    readonly sequence?: number;
    readonly offset?: number;
    /** What the header says that the fragment's size is. */
    readonly size?: number;
  } = {},
): Uint8Array {
  const header = [Uint8Array.of(type), u24(length), u16(sequence), u24(offset), u24(size)];
  return concat(...header, bytes);
}

/** A record (RFC 6347 §4.1). */
export function dtlsRecord(
  payload: Uint8Array,
  { type = 22, version = 0xfefd, epoch = 0, number = 0, size = payload.length }: {
    readonly type?: number;
    readonly version?: number;
    readonly epoch?: number;
    readonly number?: number;
    /** What the header says that the payload's size is. */
    readonly size?: number;
  } = {},
): Uint8Array {
  const sequence = concat(new Uint8Array(4), u16(number));
  return concat(Uint8Array.of(type), u16(version), u16(epoch), sequence, u16(size), payload);
}

function u24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value);
}
