/**
 * What becomes of a QUIC client whose service has ECH keys.
 *
 * @module
 */

import type { EchFacts, EchSettings } from "../model/ech.ts";
import type { DatagramFilter, UdpDrop } from "../model/flow.ts";
import type { Service } from "../model/snapshot.ts";
import { closeConnection, cryptoError, QUIC_ERROR } from "../proto/quic/connection_close.ts";
import type { CryptoHello } from "../proto/quic/crypto_hello.ts";
import { QuicDetector, type QuicOpening } from "../proto/quic/detect.ts";
import { HelloSwap } from "../proto/quic/hello_swap.ts";
import { InitialRewriter } from "../proto/quic/initial_rewriter.ts";
import type { EchBudget } from "./ech_budget.ts";
import { decideEch, type EchFault } from "./ech_decision.ts";

/** The decision for a flow. */
export type EchQuic =
  /** To this service; `filter` puts inner hellos in the place of outer ones, null: the datagrams go as they are. */
  | {
    readonly kind: "connect";
    readonly facts: EchFacts;
    readonly service: Service;
    readonly filter: DatagramFilter | null;
  }
  | { readonly kind: "close"; readonly facts: EchFacts; readonly drop: EchDrop };

/** Tells the client why. */
export type EchDrop = UdpDrop & { readonly outcome: { readonly reason: DropReason } };

type DropReason = EchFault["reason"] | "ech_refused";

/** What a flow came with. */
export interface EchQuicInput {
  /** All datagrams so far, whose hello is whole. */
  readonly held: readonly Uint8Array[];
  /** Where its outer name leads. */
  readonly service: Service;
  /** The client's IP address. */
  readonly host: string;
  /** Null: without a bound on what fails. */
  readonly budget: EchBudget | null;
}

/**
 * Opens the hello of a flow; null where there is none, or no keys are to be tried.
 *
 * The datagrams are read once more for that, so that those who have no keys pay nothing for what is kept of them.
 *
 * @param now milliseconds of any one monotonic clock
 */
export function decideEchQuic(
  { held, service, host, budget }: EchQuicInput,
  now: number,
): EchQuic | null {
  const { ech } = service;
  const opening = readOpening(held);
  if (ech === undefined || opening === null) return null;
  const decision = decideEch(opening.message, opening.hello, ech, { host, now, budget });
  const { facts } = decision;
  switch (decision.kind) {
    case "outer":
      return { kind: "connect", facts, service, filter: null };
    case "fault":
      return {
        kind: "close",
        facts,
        drop: close(opening, cryptoError(decision.alert), decision.reason),
      };
    case "inner": {
      const swap = new HelloSwap(opening.message, decision.inner, decision.context);
      const open = opener(ech, decision.service, host);
      const filter = new InitialRewriter({ first: { dcid: opening.dcid, swap }, open });
      return { kind: "connect", facts, service: decision.service, filter };
    }
    case "limited":
      // Whatever is done with stale ones: over TCP, nobody can use up the budget of somebody else.
      return refusal(opening, facts);
    case "stale":
      return ech.onReject.kind === "refuse"
        ? refusal(opening, facts)
        : { kind: "connect", facts, service, filter: null };
  }
}

/**
 * What a flow goes through that is known by a connection ID of a hidden service. Its handshake may still go on: the client
 * has another address since, or another port. Then its Initials can be read if they follow on a Retry, and are kept from
 * the target else.
 */
export function followHidden(ech: EchSettings, service: Service, host: string): DatagramFilter {
  return new InitialRewriter({ first: null, open: opener(ech, service, host) });
}

/** Opens further hellos of a flow whose target is chosen. Few in the life of a flow, so that they need no budget. */
function opener(ech: EchSettings, service: Service, host: string) {
  return ({ message, hello }: CryptoHello): HelloSwap | null => {
    const decision = decideEch(message, hello, ech, { host, now: 0, budget: null });
    return decision.kind === "inner" && decision.service === service
      ? new HelloSwap(message, decision.inner, decision.context)
      : null;
  };
}

/** Whether a QUIC client has said all of its hello. */
export function hasWholeHello(held: readonly Uint8Array[]): boolean {
  return readOpening(held) !== null;
}

/** The hello that the flow was recognised by. */
function readOpening(held: readonly Uint8Array[]): QuicOpening | null {
  const detector = new QuicDetector();
  detector.detect(held);
  return detector.opening;
}

/** The client is to come back over TCP. */
function refusal(opening: QuicOpening, facts: EchFacts): EchQuic {
  return {
    kind: "close",
    facts,
    drop: close(opening, QUIC_ERROR.connectionRefused, "ech_refused"),
  };
}

function close(
  { version, dcid, scid }: QuicOpening,
  errorCode: number,
  reason: DropReason,
): EchDrop {
  // A client takes any ID for its server's own until it knows better: the one that it has made up itself will do.
  const client = { version, keyId: dcid, clientId: scid, serverId: dcid };
  return { kind: "drop", outcome: { reason }, reply: closeConnection(client, errorCode) };
}
