/**
 * What a flow speaks: asks the detectors of the protocols in use, in a fixed order, until one knows.
 *
 * @module
 */

import { MAX_HELD_DATAGRAM_BYTES, MAX_HELD_DATAGRAMS, MAX_TCP_HEAD } from "../model/limits.ts";
import type { Detected, Protocol } from "../model/protocol.ts";
import type { MalformedCode, Verdict } from "../model/verdict.ts";
import { NEED_MORE, NO_MATCH } from "../model/verdict.ts";
import type { Candidates, TcpSniffPlan, UdpSniffPlan } from "./sniff_plan.ts";

/** The answer of a sniffer. All but `needMore` are final. */
export type SniffResult =
  | { readonly kind: "match"; readonly detected: Detected }
  | typeof NEED_MORE
  /** None of the protocols sought. */
  | { readonly kind: "none" }
  /** None of them, but one came close: its own marks are there and then it is broken. */
  | { readonly kind: "malformed"; readonly protocol: Protocol; readonly code: MalformedCode };

/** Sniffs the first bytes of one TCP connection. */
export class TcpSniffer {
  readonly #plan: TcpSniffPlan;
  #asking: Asking<Uint8Array> | null = null;

  constructor(plan: TcpSniffPlan) {
    this.#plan = plan;
  }

  /** @param head all that the client has sent so far; there is no more to come from `MAX_TCP_HEAD` on */
  push(head: Uint8Array): SniffResult {
    return this.#ask(head, head.length >= MAX_TCP_HEAD);
  }

  /**
   * What it is when no more comes: a detector that still needs more no longer keeps those behind it from being asked.
   *
   * @param head as with `push()`
   */
  end(head: Uint8Array): SniffResult {
    return head.length === 0 ? NONE : this.#ask(head, true);
  }

  #ask(head: Uint8Array, full: boolean): SniffResult {
    if (this.#asking === null) {
      const first = head[0];
      if (first === undefined) return NEED_MORE;
      this.#asking = new Asking(this.#plan[first] ?? []);
    }
    return this.#asking.ask(head, full);
  }
}

/** Sniffs the first datagrams of one UDP flow. */
export class UdpSniffer {
  readonly #asking: Asking<readonly Uint8Array[]>;

  constructor(plan: UdpSniffPlan) {
    this.#asking = new Asking(plan);
  }

  /** @param held all datagrams that the client has sent so far, oldest first */
  push(held: readonly Uint8Array[]): SniffResult {
    return this.#asking.ask(held, isFull(held));
  }

  /**
   * What it is when no more comes, likewise.
   *
   * @param held as with `push()`
   */
  end(held: readonly Uint8Array[]): SniffResult {
    return this.#asking.ask(held, true);
  }
}

const NONE: SniffResult = Object.freeze({ kind: "none" });

interface Detector<Input> {
  (input: Input): Verdict<Detected>;
  readonly atEnd?: () => Verdict<Detected>;
}

/**
 * Goes through the protocols that a flow may still be. One that said no is never asked again, and a match counts only
 * when all before it have said no: so the answer is the same however the bytes are cut.
 */
class Asking<Input> {
  readonly #candidates: Candidates<Detector<Input>>;
  #current = 0;
  #detector: Detector<Input> | null = null;
  #verdict: SniffResult = NONE;

  constructor(candidates: Candidates<Detector<Input>>) {
    this.#candidates = candidates;
  }

  /** @param full whether no more input will be held: who needs more has had its chance */
  ask(input: Input, full: boolean): SniffResult {
    for (; this.#current < this.#candidates.length; this.#current++, this.#detector = null) {
      const candidate = this.#candidates[this.#current];
      if (candidate === undefined) break;
      this.#detector ??= candidate.detector();
      let verdict = this.#detector(input);
      if (verdict.kind === "needMore" && full) verdict = this.#detector.atEnd?.() ?? NO_MATCH;
      switch (verdict.kind) {
        case "match":
          return { kind: "match", detected: verdict.value };
        case "needMore":
          return NEED_MORE;
        case "malformed":
          if (this.#verdict === NONE) {
            const { protocol } = candidate;
            this.#verdict = { kind: "malformed", protocol, code: verdict.code };
          }
          break;
        case "noMatch":
          break;
      }
    }
    return this.#verdict;
  }
}

function isFull(held: readonly Uint8Array[]): boolean {
  if (held.length >= MAX_HELD_DATAGRAMS) return true;
  let bytes = 0;
  for (const datagram of held) bytes += datagram.length;
  return bytes >= MAX_HELD_DATAGRAM_BYTES;
}
