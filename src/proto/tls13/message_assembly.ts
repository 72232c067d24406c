/**
 * Puts handshake messages together from the records that carry them (RFC 8446 §5.1).
 *
 * @module
 */

import { NEED_MORE } from "../../model/verdict.ts";
import { ALERT } from "../tls/alert.ts";
import { HANDSHAKE_HEADER } from "../tls/client_hello.ts";

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
  #held = new Uint8Array(0);
  #length = 0;

  /** Whether a message has begun and is not whole yet, so that no record of another type may come. */
  get isUnderWay(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes in the payload of a record. The message is in memory of its own, or a view of the fragment.
   *
   * @param type of the only message that may come
   * @param longest its longest body
   */
  push(fragment: Uint8Array, type: number, longest: number): Assembled {
    if (fragment.length === 0) return fault(ALERT.unexpectedMessage);
    const bytes = this.#length === 0 ? fragment : this.#append(fragment);
    if (bytes[0] !== type) return fault(ALERT.unexpectedMessage);
    const [, high = 0, middle = 0, low = 0] = bytes.subarray(0, HANDSHAKE_HEADER);
    const body = high << 16 | middle << 8 | low;
    const length = HANDSHAKE_HEADER + body;
    if (bytes.length >= HANDSHAKE_HEADER) {
      if (body > longest) return fault(ALERT.decodeError);
      if (bytes.length > length) return fault(ALERT.unexpectedMessage);
    }
    if (bytes.length >= HANDSHAKE_HEADER && bytes.length === length) {
      this.#length = 0;
      return { kind: "message", message: bytes };
    }
    if (this.#length === 0) this.#append(fragment);
    return NEED_MORE;
  }

  /** Grows by doubling, so that bytes which come one by one are copied about twice. */
  #append(fragment: Uint8Array): Uint8Array {
    const length = this.#length + fragment.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(fragment, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }
}

function fault(alert: number): Assembled {
  return { kind: "fault", alert };
}
