/**
 * What a client-facing server does with the bytes of a handshake whose ECH it has opened (RFC 9849 §7.1).
 *
 * @module
 */

import type { FilterOutput, StreamFilter } from "../../model/flow.ts";
import { MAX_CLIENT_HELLO } from "../../model/limits.ts";
import { concat } from "../bytes.ts";
import { ALERT, encodeAlertRecord } from "../tls/alert.ts";
import { CLIENT_HELLO_TYPE, HANDSHAKE_HEADER } from "../tls/client_hello.ts";
import { RecordCursor } from "../tls/record_cursor.ts";
import { MessageAssembly } from "../tls13/message_assembly.ts";
import { CONTENT, MAX_CONTENT, MAX_SEALED } from "../tls/record_layer.ts";
import { type EchContext, reopenClientHello } from "./open.ts";
import { RetryRequestSearch } from "./retry_request_search.ts";

const NO_BYTES = new Uint8Array(0);

/** Version that the records of a first hello have (RFC 8446 §5.1). */
const FIRST_HELLO_VERSION = 0x0301;

/** What a {@linkcode SplitRelay} begins with. */
export interface SplitRelayOptions {
  /** The first inner hello, as handshake message with its header. */
  readonly inner: Uint8Array;
  /** Bytes of the client's stream that its first outer hello takes up, which ends with a record. */
  readonly outerLength: number;
  /** What the first hello was opened with. */
  readonly context: EchContext;
}

/**
 * Puts the inner hello in the place of the outer one, and the second inner hello in the place of the second outer one
 * where the backend asks for one (HelloRetryRequest). The backend's bytes pass unchanged. With its ServerHello, or the
 * second hello, there is nothing left to do: from then on both directions are none of its business.
 *
 * What it holds is one outer hello at most, and the header of a record.
 */
export class SplitRelay implements StreamFilter {
  readonly #context: EchContext;
  readonly #search = new RetryRequestSearch();
  readonly #records = new RecordCursor();
  readonly #second = new MessageAssembly();
  /** Bytes of the outer hello that are yet to come, and the records that go in its place when all have. */
  #outerLeft: number;
  #first: Uint8Array | null;

  constructor({ inner, outerLength, context }: SplitRelayOptions) {
    this.#context = context;
    this.#outerLeft = outerLength;
    this.#first = helloRecords(inner, FIRST_HELLO_VERSION);
  }

  /** {@inheritDoc StreamFilter.fromClient} */
  fromClient(bytes: Uint8Array): FilterOutput {
    let position = Math.min(this.#outerLeft, bytes.length);
    this.#outerLeft -= position;
    if (this.#outerLeft > 0) return forTarget([], "filter");
    const first = this.#first ?? NO_BYTES;
    this.#first = null;
    if (this.#search.result === "none") {
      return forTarget([first, bytes.subarray(position)], "raw");
    }

    const records = this.#records;
    // One copy of all that passes: a chunk may hold tens of thousands of records, and views of each would cost more.
    const passed = new Uint8Array(records.header.length + bytes.length - position);
    let length = 0;
    const pass = (piece: Uint8Array) => {
      passed.set(piece, length);
      length += piece.length;
    };
    while (position < bytes.length) {
      if (records.isInHeader) {
        position = records.takeHeader(bytes, position);
        if (records.isInHeader) break;
        const alert = this.#checkHeader();
        if (alert !== null) return fault(alert);
        if (records.type !== CONTENT.handshake) pass(records.header);
      }
      const piece = bytes.subarray(position, position + records.left);
      const { type, version } = records;
      position += piece.length;
      records.skip(piece.length);
      if (type !== CONTENT.handshake) {
        pass(piece);
        continue;
      }
      const hello = this.#takeHello(piece);
      if (hello === null) continue;
      if (typeof hello === "number") return fault(hello);
      const second = helloRecords(hello, version);
      const rest = bytes.subarray(position);
      return forTarget([first, passed.subarray(0, length), second, rest], "raw");
    }
    return forTarget([first, passed.subarray(0, length)], "filter");
  }

  /** {@inheritDoc StreamFilter.fromTarget} */
  fromTarget(bytes: Uint8Array): FilterOutput {
    this.#search.push(bytes);
    const output = this.#search.result === "none" ? this.#stepOut() : forTarget([], "filter");
    return { ...output, toClient: bytes };
  }

  /** {@inheritDoc StreamFilter.clientEnded} A hello that was cut off stays out. */
  clientEnded(): FilterOutput {
    return this.#stepOut();
  }

  /** {@inheritDoc StreamFilter.targetEnded} A second hello may still come, which must not pass as it is. */
  targetEnded(): FilterOutput {
    return forTarget([], "filter");
  }

  /** The alert for a record that may not come here; null: it may. */
  #checkHeader(): number | null {
    const { type, left } = this.#records;
    switch (type) {
      case CONTENT.handshake:
        // Nobody has asked for a second hello, and all else is encrypted.
        if (this.#search.result !== "found" || left === 0) return ALERT.unexpectedMessage;
        return left > MAX_CONTENT ? ALERT.recordOverflow : null;
      case CONTENT.changeCipherSpec:
        return left > MAX_CONTENT ? ALERT.recordOverflow : null;
      case CONTENT.alert:
      case CONTENT.applicationData: // early data, which a client may still be sending
        if (this.#second.isUnderWay) return ALERT.unexpectedMessage;
        return left > MAX_SEALED ? ALERT.recordOverflow : null;
      default:
        return ALERT.unexpectedMessage;
    }
  }

  /** Takes a piece of the second hello. Returns the inner one, the alert, or null while it is not whole. */
  #takeHello(piece: Uint8Array): Uint8Array | number | null {
    if (piece.length === 0) return null;
    const longest = MAX_CLIENT_HELLO - HANDSHAKE_HEADER;
    const assembled = this.#second.push(piece, CLIENT_HELLO_TYPE, longest);
    if (assembled.kind === "needMore") return null;
    if (assembled.kind === "fault") return assembled.alert;
    // The keys change behind it, so its record must end with it (RFC 8446 §5.1).
    if (!this.#records.isInHeader) return ALERT.unexpectedMessage;
    const opened = reopenClientHello(assembled.message, this.#context);
    return opened.kind === "accepted" ? opened.inner : opened.alert;
  }

  /** No second hello comes any more. What is held of another record passes after all. */
  #stepOut(): FilterOutput {
    const { header, isInHeader, type } = this.#records;
    const isInHello = this.#second.isUnderWay || !isInHeader && type === CONTENT.handshake;
    if (this.#first !== null || isInHello) return forTarget([], "filter");
    return forTarget(isInHeader ? [header.slice()] : [], "raw");
  }
}

/** A hello as records. */
function helloRecords(message: Uint8Array, version: number): Uint8Array {
  const records: Uint8Array[] = [];
  for (let start = 0; start < message.length; start += MAX_CONTENT) {
    const { length } = message.subarray(start, start + MAX_CONTENT);
    const head = [CONTENT.handshake, version >> 8, version, length >> 8, length];
    records.push(Uint8Array.from(head), message.subarray(start, start + length));
  }
  return concat(...records);
}

function forTarget(parts: readonly Uint8Array[], next: "filter" | "raw"): FilterOutput {
  const [only = null, ...more] = parts.filter(({ length }) => length > 0);
  const toTarget = only === null || more.length === 0 ? only : concat(only, ...more);
  return { toClient: null, toTarget, next };
}

function fault(alert: number): FilterOutput {
  return { toClient: encodeAlertRecord(alert), toTarget: null, next: { reason: "ech_fault" } };
}
