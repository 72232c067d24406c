/**
 * Lets a client that speaks TLS 1.3 talk to a target that does not.
 *
 * @module
 */

import type { FilterOutput, FlowOutcome, StreamFilter } from "../../model/flow.ts";
import { concat } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import type { Connection } from "./connection.ts";
import { readRecord } from "./record.ts";
import { StreamBuffer } from "./stream_buffer.ts";

/** Says that a client gives up, and is followed by close_notify (RFC 8446 §6.1). */
const USER_CANCELED = 90;

/**
 * The relay of a connection whose handshake is done: the client's records are opened, the target's bytes sealed.
 *
 * The target is told of the end of the client's direction by the end of its connection alone: a close_notify before that is
 * heeded, and not passed on. What a client asks over HTTP/1.1 tells its own end.
 */
export class PlaintextChannel implements StreamFilter {
  readonly #connection: Connection;
  /** The part of a record that has come so far. */
  readonly #partial = new StreamBuffer();
  #clientHasClosed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** {@inheritDoc StreamFilter.fromClient} */
  fromClient(bytes: Uint8Array): FilterOutput {
    // What comes behind a close_notify is ignored (RFC 8446 §6.1).
    if (this.#clientHasClosed) return output(null, null);
    const input = this.#partial.append(bytes);
    const data: Uint8Array[] = [];
    const end = (alert: number) => this.#fail(data, alert);
    for (let position = 0;;) {
      const record = readRecord(input, position);
      if (record.kind === "fault") return end(record.alert);
      if (record.kind === "needMore") {
        this.#partial.keepFrom(input, position);
        return output(this.#connection.answer(), joined(data));
      }
      position += record.bytes.length;
      const received = this.#connection.receive(record);
      switch (received.kind) {
        case "data":
          data.push(received.content);
          break;
        case "nothing":
          break;
        case "fault":
          return end(received.alert);
        case "alert":
          if (received.description === USER_CANCELED) break;
          if (received.description !== ALERT.closeNotify) {
            return output(null, joined(data), { reason: "client_reset" });
          }
          this.#clientHasClosed = true;
          return output(this.#connection.answer(), joined(data));
      }
    }
  }

  /** {@inheritDoc StreamFilter.fromTarget} */
  fromTarget(bytes: Uint8Array): FilterOutput {
    return output(this.#connection.sealData(bytes), null);
  }

  /** {@inheritDoc StreamFilter.clientEnded} A record that was cut off stays out. */
  clientEnded(): FilterOutput {
    return output(null, null);
  }

  /** {@inheritDoc StreamFilter.targetEnded} The client is told that nothing was cut off (RFC 8446 §6.1). */
  targetEnded(): FilterOutput {
    return output(this.#connection.sealAlert(ALERT.closeNotify), null);
  }

  #fail(data: readonly Uint8Array[], alert: number): FilterOutput {
    return output(this.#connection.sealAlert(alert), joined(data), { reason: "malformed" });
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array | null {
  const [first = null] = parts;
  return parts.length <= 1 ? first : concat(...parts);
}

function output(
  toClient: Uint8Array | null,
  toTarget: Uint8Array | null,
  next: "filter" | FlowOutcome = "filter",
): FilterOutput {
  return { toClient, toTarget, next };
}
