/**
 * A connection of TLS 1.3 after its handshake: data, alerts and new keys, in both directions.
 *
 * @module
 */

import { MAX_EMPTY_TLS_RECORDS } from "../../model/limits.ts";
import { ALERT } from "../tls/alert.ts";
import { MessageAssembly } from "./message_assembly.ts";
import type { WireRecord } from "./record.ts";
import { CONTENT } from "../tls/record_layer.ts";
import type { RecordProtection } from "./record_protection.ts";
import { keyUpdate, MESSAGE } from "./server_messages.ts";

/** An alert of the client, or a broken one. */
export type ReceivedAlert =
  | { readonly kind: "alert"; readonly description: number }
  /** The client broke a rule, and is to be told so by this alert. */
  | { readonly kind: "fault"; readonly alert: number };

/** What a record of the client came to. */
export type Received =
  | ReceivedAlert
  | { readonly kind: "data"; readonly content: Uint8Array }
  /** Nothing for anybody but the connection. */
  | { readonly kind: "nothing" };

const NOTHING: Received = { kind: "nothing" };
/** A KeyUpdate takes as much work as so many records. */
const KEY_UPDATE_COST = 4;
const WARNING = 1;
const FATAL = 2;

/** The keys of both directions, and what renews them. */
export class Connection {
  readonly #opener: RecordProtection;
  readonly #sealer: RecordProtection;
  readonly #assembly = new MessageAssembly();
  /** How many more records there were without data than with: each costs work, and brings nothing. */
  #surplus = 0;
  #owesKeyUpdate = false;

  /**
   * @param opener for the client's records
   * @param sealer for ours
   */
  constructor(opener: RecordProtection, sealer: RecordProtection) {
    this.#opener = opener;
    this.#sealer = sealer;
  }

  /** Takes in a record of the client. */
  receive(record: WireRecord): Received {
    // Not even a change_cipher_spec may come in the clear any more (RFC 8446 §5).
    if (record.type !== CONTENT.applicationData) return fault(ALERT.unexpectedMessage);
    const opened = this.#opener.open(record.bytes);
    if (opened.kind === "fault") return opened;
    const { type, content } = opened;
    if (this.#assembly.isUnderWay && type !== CONTENT.handshake) {
      return fault(ALERT.unexpectedMessage);
    }
    if (type === CONTENT.applicationData && content.length > 0) {
      this.#surplus = Math.max(0, this.#surplus - 1);
      return { kind: "data", content };
    }
    if (type === CONTENT.alert) return readAlert(content);
    this.#surplus += type === CONTENT.handshake ? KEY_UPDATE_COST : 1;
    if (this.#surplus > MAX_EMPTY_TLS_RECORDS) return fault(ALERT.unexpectedMessage);
    if (type === CONTENT.applicationData) return NOTHING;
    return type === CONTENT.handshake
      ? this.#takeKeyUpdate(content)
      : fault(ALERT.unexpectedMessage);
  }

  /** Takes back the record that was received last, which must have been data: it will be received again. */
  rewind(): void {
    this.#opener.rewind();
  }

  /** What the client is owed for what it has sent: one KeyUpdate, however often it asked (RFC 8446 §4.6.3). */
  answer(): Uint8Array | null {
    if (!this.#owesKeyUpdate) return null;
    this.#owesKeyUpdate = false;
    const record = this.#sealer.seal(CONTENT.handshake, keyUpdate());
    this.#sealer.update();
    return record;
  }

  /** Records with these bytes for the client. */
  sealData(bytes: Uint8Array): Uint8Array {
    return this.#sealer.sealAll(CONTENT.applicationData, bytes);
  }

  /** A record with an alert. */
  sealAlert(alert: number): Uint8Array {
    const level = alert === ALERT.closeNotify ? WARNING : FATAL;
    return this.#sealer.seal(CONTENT.alert, Uint8Array.of(level, alert));
  }

  /** The only message that may come after a handshake without client certificates (RFC 8446 §4.6). */
  #takeKeyUpdate(content: Uint8Array): Received {
    const assembled = this.#assembly.push(content, MESSAGE.keyUpdate, 1);
    if (assembled.kind === "fault") return assembled;
    if (assembled.kind === "needMore") return NOTHING;
    const [, , , , request] = assembled.message;
    if (request === undefined) return fault(ALERT.decodeError);
    if (request > 1) return fault(ALERT.illegalParameter);
    this.#opener.update();
    this.#owesKeyUpdate ||= request === 1;
    return NOTHING;
  }
}

/** Alerts are one to a record and never in pieces (RFC 8446 §5.1). Their level says nothing (§6). */
export function readAlert(content: Uint8Array): ReceivedAlert {
  const [, description] = content;
  if (content.length !== 2 || description === undefined) return fault(ALERT.decodeError);
  return { kind: "alert", description };
}

function fault(alert: number): ReceivedAlert {
  return { kind: "fault", alert };
}
