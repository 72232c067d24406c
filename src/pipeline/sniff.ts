/**
 * What a flow speaks: asks the detectors of the protocols in use, in a fixed order, until one knows.
 *
 * @module
 */

import { MAX_HELD_DATAGRAM_BYTES, MAX_HELD_DATAGRAMS, MAX_TCP_HEAD } from "../model/limits.ts";
import type { Detected, Protocol, TcpProtocol, UdpProtocol } from "../model/protocol.ts";
import type { MalformedCode, Verdict } from "../model/verdict.ts";
import { NEED_MORE } from "../model/verdict.ts";
import { TCP_DETECTION_ORDER, tcpDetector } from "../proto/detect_tcp.ts";
import { UDP_DETECTION_ORDER, udpDetector } from "../proto/detect_udp.ts";

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
  readonly #candidates: Candidates<TcpProtocol, Uint8Array>;

  /** @param sought the protocols that some service uses */
  constructor(sought: readonly Protocol[]) {
    this.#candidates = new Candidates(
      TCP_DETECTION_ORDER.filter((protocol) => sought.includes(protocol)),
      tcpDetector,
    );
  }

  /** @param head all that the client has sent so far; there is no more to come from `MAX_TCP_HEAD` on */
  push(head: Uint8Array): SniffResult {
    return this.#candidates.ask(head, head.length >= MAX_TCP_HEAD);
  }
}

/** Sniffs the first datagrams of one UDP flow. */
export class UdpSniffer {
  readonly #candidates: Candidates<UdpProtocol, readonly Uint8Array[]>;

  /** @param sought the protocols that some service uses */
  constructor(sought: readonly Protocol[]) {
    this.#candidates = new Candidates(
      UDP_DETECTION_ORDER.filter((protocol) => sought.includes(protocol)),
      udpDetector,
    );
  }

  /** @param held all datagrams that the client has sent so far, oldest first */
  push(held: readonly Uint8Array[]): SniffResult {
    return this.#candidates.ask(held, isFull(held));
  }
}

const NONE = Object.freeze({ kind: "none" });

/** The protocols that a flow may still be, in detection order; one that said no is never asked again. */
class Candidates<Name extends Protocol, Input> {
  readonly #protocols: readonly Name[];
  readonly #detectorOf: (protocol: Name) => (input: Input) => Verdict<Detected>;
  #current = 0;
  #detector: ((input: Input) => Verdict<Detected>) | null = null;
  #verdict: SniffResult = NONE;

  constructor(
    protocols: readonly Name[],
    detectorOf: (protocol: Name) => (input: Input) => Verdict<Detected>,
  ) {
    this.#protocols = protocols;
    this.#detectorOf = detectorOf;
  }

  /** @param full whether no more input will be held: who needs more has had its chance */
  ask(input: Input, full: boolean): SniffResult {
    for (; this.#current < this.#protocols.length; this.#current++, this.#detector = null) {
      const protocol = this.#protocols[this.#current];
      if (protocol === undefined) break;
      this.#detector ??= this.#detectorOf(protocol);
      const verdict = this.#detector(input);
      switch (verdict.kind) {
        case "match":
          return { kind: "match", detected: verdict.value };
        case "needMore":
          if (!full) return NEED_MORE;
          break;
        case "malformed":
          if (this.#verdict === NONE) {
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
