/**
 * A small server of TLS 1.3 that gives clients current ECH configurations (RFC 9849 §7.1).
 *
 * A client whose ECH could not be opened falls back to its outer hello. It believes what the server of the public name
 * says only under that name's certificate, so somebody has to finish the handshake: this is who does. It knows nothing of
 * tickets, pre-shared keys, early data, client certificates and older versions, none of which a client needs that has
 * come for configurations alone.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";
import type { EchRejection } from "../../model/ech.ts";
import type { StreamFilter } from "../../model/flow.ts";
import {
  MAX_CLIENT_HELLO,
  MAX_ECH_RETRY_BYTES,
  MAX_SKIPPED_TLS_RECORDS,
} from "../../model/limits.ts";
import { concat } from "../bytes.ts";
import { ALERT, encodeAlertRecord } from "../tls/alert.ts";
import { CLIENT_HELLO_TYPE, HANDSHAKE_HEADER } from "../tls/client_hello.ts";
import { type Connection, readAlert } from "./connection.ts";
import { HelloExchange } from "./hello_exchange.ts";
import { MessageAssembly } from "./message_assembly.ts";
import { PlaintextChannel } from "./plaintext_channel.ts";
import { isChangeCipherSpec, payloadOf, readRecord, type WireRecord } from "./record.ts";
import { CONTENT } from "../tls/record_layer.ts";
import type { ServerFlight } from "./server_flight.ts";
import { MESSAGE } from "./server_messages.ts";

/** What the bytes so far came to. `reply` are records that the client gets now; null: none. */
export type RetryStep =
  | { readonly kind: "needMore"; readonly reply: Uint8Array | null }
  /** The client has taken the configurations and says so (ech_required): the connection is to be closed. */
  | { readonly kind: "retried"; readonly reply: Uint8Array | null }
  /** The client broke a rule, or offers nothing that is spoken here; `reply` is the alert. */
  | { readonly kind: "fault"; readonly reply: Uint8Array | null }
  /** The client has ended the connection, in order or with another alert. */
  | { readonly kind: "closed" }
  /**
   * The client goes on to talk, so its ECH was GREASE. Its first record with data begins at `head[consumed]`, from where
   * on the client's bytes are for `channel`.
   */
  | { readonly kind: "connected"; readonly consumed: number; readonly channel: StreamFilter };

/** What a server is made with. */
export interface RetryServerOptions {
  readonly ech: Extract<EchRejection, { kind: "retry" }>;
  /** Gives as many random bytes as it is asked for, from a source fit for keys. */
  readonly random: (length: number) => Uint8Array;
}

/** A step that ends the handshake; null: go on. */
type Ending = Exclude<RetryStep, { kind: "needMore" }> | null;

type Phase =
  /** A hello is awaited, the first or the second. */
  | { readonly kind: "hello" }
  /** All messages of ours are sent. */
  | { readonly kind: "finished"; readonly flight: ServerFlight }
  /** So are the client's. */
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "ended" };

/** One handshake. Never throws, whatever the client sends. */
export class RetryServer {
  readonly #hellos: HelloExchange;
  readonly #assembly = new MessageAssembly();
  #phase: Phase = { kind: "hello" };
  /** Records that the client has not been given yet. */
  #replies: Uint8Array[] = [];
  /** Where the next record begins. */
  #position = 0;
  /** Whether records may be early data, for which there is no key here (RFC 8446 §4.2.10). */
  #skipsEarlyData = false;
  /** How many of them were found to be. */
  #skipped = 0;
  /** Whether the client has shown that it has keys: from then on its alerts are sealed. */
  #hasOpened = false;
  #isFinished = false;

  constructor({ ech, random }: RetryServerOptions) {
    this.#hellos = new HelloExchange(ech, random);
  }

  /** Whether the client's Finished was right: it has what it came for, even if all it does then is close. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** @param head all of the client's bytes so far, from its ClientHello's first record on */
  push(head: Uint8Array): RetryStep {
    const bounded = head.subarray(0, MAX_ECH_RETRY_BYTES);
    for (;;) {
      if (this.#phase.kind === "ended") return { kind: "closed" };
      const record = readRecord(bounded, this.#position);
      if (record.kind === "needMore" && bounded.length < MAX_ECH_RETRY_BYTES) {
        const answer = this.#phase.kind === "connection" ? this.#phase.connection.answer() : null;
        if (answer !== null) this.#replies.push(answer);
        return { kind: "needMore", reply: this.#takeReplies() };
      }
      const ending = record.kind === "record"
        ? this.#take(record)
        : this.#fault(record.kind === "fault" ? record.alert : ALERT.unexpectedMessage);
      if (ending !== null) {
        this.#phase = { kind: "ended" };
        return ending;
      }
    }
  }

  #take(record: WireRecord): Ending {
    const start = this.#position;
    this.#position += record.bytes.length;
    switch (this.#phase.kind) {
      case "hello":
        return this.#takeBeforeFlight(record);
      case "finished":
        return this.#takeAfterFlight(record, this.#phase.flight);
      case "connection":
        return this.#takeAfterFinished(record, this.#phase.connection, start);
      case "ended":
        return null;
    }
  }

  #takeBeforeFlight(record: WireRecord): Ending {
    if (record.type === CONTENT.handshake) return this.#takeHello(payloadOf(record));
    // Nothing may come between the records of a message (RFC 8446 §5.1).
    if (this.#assembly.isUnderWay) return this.#fault(ALERT.unexpectedMessage);
    if (record.type === CONTENT.alert) return this.#takeAlert(payloadOf(record));
    const isIgnored = this.#skipsEarlyData && record.type === CONTENT.applicationData ||
      this.#hellos.isRetry && isChangeCipherSpec(record);
    return isIgnored ? null : this.#fault(ALERT.unexpectedMessage);
  }

  #takeHello(fragment: Uint8Array): Ending {
    const longest = MAX_CLIENT_HELLO - HANDSHAKE_HEADER;
    const assembled = this.#assembly.push(fragment, CLIENT_HELLO_TYPE, longest);
    if (assembled.kind === "needMore") return null;
    if (assembled.kind === "fault") return this.#fault(assembled.alert);
    const answer = this.#hellos.answer(assembled.message);
    if (answer.kind === "fault") return this.#fault(answer.alert);
    this.#skipsEarlyData = answer.hasEarlyData;
    if (answer.kind === "asked") {
      this.#replies.push(answer.records);
    } else {
      this.#replies.push(answer.flight.records);
      this.#phase = { kind: "finished", flight: answer.flight };
    }
    return null;
  }

  #takeAfterFlight(record: WireRecord, flight: ServerFlight): Ending {
    if (record.type !== CONTENT.applicationData) {
      if (this.#assembly.isUnderWay) return this.#fault(ALERT.unexpectedMessage);
      if (isChangeCipherSpec(record)) return null;
      // A client that could make nothing of our ServerHello has no keys to seal its alert with.
      const isAlert = record.type === CONTENT.alert && !this.#hasOpened;
      return isAlert ? this.#takeAlert(payloadOf(record)) : this.#fault(ALERT.unexpectedMessage);
    }
    const opened = flight.opener.open(record.bytes);
    if (opened.kind === "fault") {
      const isEarlyData = this.#skipsEarlyData && opened.alert === ALERT.badRecordMac;
      return isEarlyData && this.#skipped++ < MAX_SKIPPED_TLS_RECORDS
        ? null
        : this.#fault(opened.alert);
    }
    this.#skipsEarlyData = false;
    this.#hasOpened = true;
    if (opened.type === CONTENT.handshake) return this.#takeFinished(opened.content, flight);
    if (opened.type === CONTENT.alert && !this.#assembly.isUnderWay) {
      return this.#takeAlert(opened.content);
    }
    return this.#fault(ALERT.unexpectedMessage);
  }

  #takeFinished(fragment: Uint8Array, { clientVerifyData, connection }: ServerFlight): Ending {
    const { length } = clientVerifyData;
    const assembled = this.#assembly.push(fragment, MESSAGE.finished, length);
    if (assembled.kind === "needMore") return null;
    if (assembled.kind === "fault") return this.#fault(assembled.alert);
    const verifyData = assembled.message.subarray(HANDSHAKE_HEADER);
    if (verifyData.length !== length) return this.#fault(ALERT.decodeError);
    if (!timingSafeEqual(verifyData, clientVerifyData)) return this.#fault(ALERT.decryptError);
    this.#isFinished = true;
    this.#phase = { kind: "connection", connection };
    return null;
  }

  #takeAfterFinished(record: WireRecord, connection: Connection, start: number): Ending {
    const received = connection.receive(record);
    switch (received.kind) {
      case "data":
        connection.rewind();
        return { kind: "connected", consumed: start, channel: new PlaintextChannel(connection) };
      case "nothing":
        return null;
      case "alert":
        return this.#ended(received.description);
      case "fault":
        return this.#fault(received.alert);
    }
  }

  #takeAlert(content: Uint8Array): Ending {
    const alert = readAlert(content);
    return alert.kind === "alert" ? this.#ended(alert.description) : this.#fault(alert.alert);
  }

  /** Only who has opened our flight has the configurations that it speaks of (RFC 9849 §6.1.6). */
  #ended(description: number): Ending {
    return description === ALERT.echRequired && this.#hasOpened
      ? { kind: "retried", reply: this.#takeReplies() }
      : { kind: "closed" };
  }

  /** Our alerts are sealed as soon as there is a key for it. */
  #fault(alert: number): Ending {
    const phase = this.#phase;
    const connection = phase.kind === "finished"
      ? phase.flight.connection
      : phase.kind === "connection"
      ? phase.connection
      : null;
    this.#replies.push(connection?.sealAlert(alert) ?? encodeAlertRecord(alert));
    return { kind: "fault", reply: this.#takeReplies() };
  }

  /** What the client gets now. */
  #takeReplies(): Uint8Array | null {
    const replies = this.#replies;
    this.#replies = [];
    return replies.length === 0 ? null : concat(...replies);
  }
}
