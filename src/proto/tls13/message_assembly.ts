/**
 * Puts handshake messages together from the records that carry them (RFC 8446 §5.1).
 *
 * @module
 */

import { NEED_MORE } from "../../model/verdict.ts";
import { Reader } from "../bytes.ts";
import { ALERT } from "../tls/alert.ts";
import { HANDSHAKE_HEADER } from "../tls/client_hello.ts";
import { StreamBuffer } from "./stream_buffer.ts";

/** What a fragment came to. */
export type Assembled =
  | { readonly kind: "message"; readonly message: Uint8Array }
  | { readonly kind: "fault"; readonly alert: number }
  | typeof NEED_MORE;

/**
 * Takes messages of which each has to end with a record, because other keys or another hello come after it: all that
 * clients send in handshakes without tickets and client certificates are of that kind.
 */
export class MessageAssembly {
  readonly #buffer = new StreamBuffer();

  /** Whether a message has begun and is not whole yet, so that no record of another type may come. */
  get isUnderWay(): boolean {
    return this.#buffer.length > 0;
  }

  /**
   * Takes in the payload of a record. The message is in memory of its own, or a view of the fragment.
   *
   * @param type of the only message that may come
   * @param longest its longest body
   */
  push(fragment: Uint8Array, type: number, longest: number): Assembled {
    if (fragment.length === 0) return fault(ALERT.unexpectedMessage);
    const bytes = this.#buffer.append(fragment);
    if (bytes[0] !== type) return fault(ALERT.unexpectedMessage);
    if (bytes.length >= HANDSHAKE_HEADER) {
      const body = new Reader(bytes, 1).u24();
      if (body > longest) return fault(ALERT.decodeError);
      const length = HANDSHAKE_HEADER + body;
      if (bytes.length > length) return fault(ALERT.unexpectedMessage);
      if (bytes.length === length) {
        this.#buffer.keepFrom(bytes, length);
        return { kind: "message", message: bytes };
      }
    }
    this.#buffer.keepFrom(bytes, 0);
    return NEED_MORE;
  }
}

function fault(alert: number): Assembled {
  return { kind: "fault", alert };
}
