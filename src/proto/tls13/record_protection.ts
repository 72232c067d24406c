/**
 * Seals and opens the records of one direction (RFC 8446 §5.2–5.4).
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { ALERT } from "../tls/alert.ts";
import type { CipherSuite } from "./cipher_suites.ts";
import { expandLabel, nextTrafficSecret } from "./key_schedule.ts";
import { recordHeader } from "./record.ts";
import { CONTENT, MAX_CONTENT, RECORD_HEADER } from "../tls/record_layer.ts";

const TAG = 16;
const NONCE = 12;
/** What a record has beside its content: header, content type and tag. */
const OVERHEAD = RECORD_HEADER + 1 + TAG;
const NO_BYTES = new Uint8Array(0);

/** What was in a sealed record, in memory of its own, or with which alert it is refused. */
export type OpenedRecord =
  | { readonly kind: "opened"; readonly type: number; readonly content: Uint8Array }
  | { readonly kind: "fault"; readonly alert: number };

/** The keys of one direction, and how many records they have sealed or opened. */
export class RecordProtection {
  readonly #suite: CipherSuite;
  #secret: Uint8Array;
  #key: Uint8Array = NO_BYTES;
  #iv: Uint8Array = NO_BYTES;
  #sequence = 0;

  /** @param secret a traffic secret */
  constructor(suite: CipherSuite, secret: Uint8Array) {
    this.#suite = suite;
    this.#secret = secret;
    this.#derive();
  }

  /** A record with this content, at most {@linkcode MAX_CONTENT} bytes, without padding. */
  seal(type: number, content: Uint8Array): Uint8Array {
    const record = new Uint8Array(content.length + OVERHEAD);
    this.#sealInto(record, type, content);
    return record;
  }

  /** Records with content of any length, as few as it takes, one after the other. */
  sealAll(type: number, content: Uint8Array): Uint8Array {
    const count = Math.ceil(content.length / MAX_CONTENT);
    const records = new Uint8Array(content.length + count * OVERHEAD);
    for (let i = 0; i < count; i++) {
      const part = content.subarray(i * MAX_CONTENT, (i + 1) * MAX_CONTENT);
      this.#sealInto(records.subarray(i * (MAX_CONTENT + OVERHEAD)), type, part);
    }
    return records;
  }

  /** Opens a record, header included. One that is not authentic uses up no number. */
  open(record: Uint8Array): OpenedRecord {
    const tagStart = record.length - TAG;
    if (tagStart < RECORD_HEADER) return { kind: "fault", alert: ALERT.badRecordMac };
    const { cipher: algorithm } = this.#suite;
    const decipher = createDecipheriv(algorithm as "aes-128-gcm", this.#key, this.#nonce());
    decipher.setAAD(record.subarray(0, RECORD_HEADER));
    decipher.setAuthTag(record.subarray(tagStart));
    const inner = decipher.update(record.subarray(RECORD_HEADER, tagStart));
    try {
      decipher.final(); // also what releases the cipher
    } catch {
      return { kind: "fault", alert: ALERT.badRecordMac };
    }
    this.#sequence++;
    return withoutPadding(inner);
  }

  /** Takes back the opening of the last record, so that it can be opened again. */
  rewind(): void {
    this.#sequence--;
  }

  /** Goes on to the next keys (RFC 8446 §7.2). */
  update(): void {
    this.#secret = nextTrafficSecret(this.#suite.hash, this.#secret);
    this.#derive();
  }

  #sealInto(record: Uint8Array, type: number, content: Uint8Array): void {
    const { cipher: algorithm } = this.#suite;
    const header = recordHeader(CONTENT.applicationData, content.length + 1 + TAG);
    const cipher = createCipheriv(algorithm as "aes-128-gcm", this.#key, this.#nonce());
    cipher.setAAD(header);
    record.set(header);
    record.set(cipher.update(content), RECORD_HEADER);
    const typeAt = RECORD_HEADER + content.length;
    record.set(cipher.update(Uint8Array.of(type)), typeAt);
    cipher.final();
    record.set(cipher.getAuthTag(), typeAt + 1);
    this.#sequence++;
  }

  #derive(): void {
    const { hash, keyLength } = this.#suite;
    this.#key = expandLabel(hash, this.#secret, "key", NO_BYTES, keyLength);
    this.#iv = expandLabel(hash, this.#secret, "iv", NO_BYTES, NONCE);
    this.#sequence = 0;
  }

  #nonce(): Uint8Array {
    const nonce = new Uint8Array(this.#iv);
    const view = new DataView(nonce.buffer);
    const high = Math.floor(this.#sequence / 2 ** 32);
    view.setUint32(NONCE - 8, view.getUint32(NONCE - 8) ^ high);
    view.setUint32(NONCE - 4, view.getUint32(NONCE - 4) ^ this.#sequence);
    return nonce;
  }
}

/** The content type is the last byte that is not zero (RFC 8446 §5.4). */
function withoutPadding(inner: Uint8Array): OpenedRecord {
  if (inner.length > MAX_CONTENT + 1) return { kind: "fault", alert: ALERT.recordOverflow };
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  const type = inner[end];
  if (type === undefined) return { kind: "fault", alert: ALERT.unexpectedMessage };
  const isEmpty = end === 0;
  if (isEmpty && type !== CONTENT.applicationData) {
    return { kind: "fault", alert: ALERT.unexpectedMessage };
  }
  return { kind: "opened", type, content: inner.subarray(0, end) };
}
