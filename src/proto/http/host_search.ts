/**
 * The Host field in the header of an HTTP/1.x request (RFC 9112 §3.2).
 *
 * @module
 */

import { NEED_MORE } from "../../model/verdict.ts";
import { latin1 } from "../bytes.ts";
import { LineScan } from "../start_line.ts";
import type { RequestFields } from "./request_fields.ts";
import { hostOf, MAX_TARGET } from "./request_target.ts";

const NAME = new TextEncoder().encode("host:");
const COLON = 0x3a;
const TO_LOWER = 0x20;

/** Looks for the field in a header that grows. Each line is looked at once. */
export class HostSearch {
  #lineStart: number;
  #line: LineScan;

  /** @param start where the header begins, behind the request line */
  constructor(start: number) {
    this.#lineStart = start;
    this.#line = new LineScan(start);
  }

  /**
   * The first such field decides: servers must refuse a request that has two of them. The search ends with the header, and
   * at a line that no header can have.
   *
   * @param bound where it ends at the latest
   */
  find(head: Uint8Array, bound: number): RequestFields | typeof NEED_MORE {
    for (;;) {
      const found = this.#line.find(head, bound);
      if (found.kind === "needMore") return NEED_MORE;
      const { kind, end, next } = found;
      if (kind !== "line" || end === this.#lineStart) {
        return { host: null, path: null, consumed: next };
      }
      if (isHostField(head, this.#lineStart)) {
        const value = head.subarray(this.#lineStart + NAME.length, end).subarray(0, MAX_TARGET);
        return { host: hostOf(latin1(value).trim()), path: null, consumed: next };
      }
      this.#lineStart = next;
      this.#line = new LineScan(next);
    }
  }
}

/** Names of fields have no case, and no space before their colon (RFC 9112 §5.1). */
function isHostField(head: Uint8Array, start: number): boolean {
  for (let i = 0; i < NAME.length; i++) {
    const byte = head[start + i] ?? 0;
    if ((byte === COLON ? byte : byte | TO_LOWER) !== NAME[i]) return false;
  }
  return true;
}
