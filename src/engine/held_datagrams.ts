/**
 * The datagrams of a UDP flow whose fate is still open.
 *
 * @module
 */

import {
  MAX_HELD_DATAGRAM_BYTES,
  MAX_HELD_DATAGRAM_BYTES_TOTAL,
  MAX_HELD_DATAGRAMS,
} from "../model/limits.ts";
import type { FlowLedger } from "./flow_ledger.ts";

/** Holds copies, within the bounds of a flow and of all flows together. */
export class HeldDatagrams {
  readonly #ledger: FlowLedger;
  #datagrams: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  constructor(ledger: FlowLedger) {
    this.#ledger = ledger;
  }

  /** Oldest first. */
  get all(): readonly Uint8Array[] {
    return this.#datagrams;
  }

  /** Whether there is room for a datagram. */
  fits(data: Uint8Array): boolean {
    return this.#datagrams.length < MAX_HELD_DATAGRAMS &&
      this.#bytes + data.length <= MAX_HELD_DATAGRAM_BYTES &&
      this.#ledger.heldDatagramBytes + data.length <= MAX_HELD_DATAGRAM_BYTES_TOTAL;
  }

  /** Copies a datagram, if there is room for it; tells whether there was. */
  hold(data: Uint8Array): boolean {
    if (!this.fits(data)) return false;
    this.#datagrams.push(data.slice());
    this.#bytes += data.length;
    this.#ledger.heldDatagramBytes += data.length;
    return true;
  }

  /** Gives away all, and holds none. */
  release(): readonly Uint8Array<ArrayBuffer>[] {
    const datagrams = this.#datagrams;
    this.#ledger.heldDatagramBytes -= this.#bytes;
    this.#datagrams = [];
    this.#bytes = 0;
    return datagrams;
  }
}
