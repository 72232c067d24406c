/**
 * What becomes of the ECH of a flow, as the proxy decides it.
 *
 * @module
 */

import type { EchFacts } from "../model/ech.ts";
import type { Service } from "../model/snapshot.ts";
import { decideEch } from "../pipeline/ech_decision.ts";
import { decideEchQuic } from "../pipeline/ech_quic.ts";
import { findExact, findPattern } from "../pipeline/name_lookup.ts";
import { parseClientHello } from "../proto/tls/client_hello.ts";
import { firstMessage } from "../proto/tls/first_message.ts";

/** What is made of a hello by a service with keys. */
export interface EchOutcome {
  readonly facts: EchFacts;
  /** Who gets the flow; null: nobody, the proxy answers it itself. */
  readonly service: Service | null;
  /** Null: as the outer hello is routed. */
  readonly route:
    | "ech" // where its inner name leads
    | "ech_fault" // it gets an alert, as it breaks a rule
    | "ech_unserved" // it gets an alert, as its inner name is not served
    | "ech_retry" // it is given current configurations
    | "ech_refused" // it is refused, so that the client tries again over TCP
    | null;
}

/**
 * Opens a hello with the keys of the service that it was routed to; null where that has none, or there is no hello.
 *
 * @param said a stream, or datagrams
 * @param source the client's address
 */
export function explainEch(
  service: Service,
  said: Uint8Array | readonly Uint8Array[],
  source: string | null,
): EchOutcome | null {
  if (service.ech === undefined) return null;
  const host = source ?? ANY_HOST;
  return said instanceof Uint8Array
    ? explainTls(said, service, host)
    : explainQuic(said, service, host);
}

/**
 * The same for a hello that is told in words.
 *
 * @param innerName null: the hello has no ECH
 */
export function explainInnerName(
  service: Service,
  publicName: string | null,
  innerName: string | null,
): EchOutcome | null {
  const { ech } = service;
  if (ech === undefined) return null;
  const plain = { publicName, configId: null, innerName };
  if (innerName === null) return { facts: { ...plain, status: "none" }, service, route: null };
  const facts: EchFacts = { ...plain, status: "accepted" };
  const found = servedBehind(service, innerName);
  return found === undefined
    ? nobody(facts, "ech_unserved")
    : { facts, service: found, route: "ech" };
}

/** Where an inner name leads; undefined: nowhere. */
export function servedBehind({ ech }: Service, innerName: string): Service | undefined {
  if (ech === undefined) return undefined;
  return findExact(ech.names, innerName) ?? findPattern(ech.names, innerName);
}

function explainTls(said: Uint8Array, service: Service, host: string): EchOutcome | null {
  const first = firstMessage(said);
  const hello = first === null ? null : parseClientHello(first.message);
  if (service.ech === undefined || first === null || hello?.kind !== "match") return null;
  const { message, endsRecord } = first;
  const decision = decideEch(message, hello.value, service.ech, { host, now: 0, budget: null });
  const { facts } = decision;
  switch (decision.kind) {
    case "outer":
    case "limited": // not without a budget
      return connected(facts, service, service);
    case "inner":
      return endsRecord ? connected(facts, decision.service, service) : nobody(facts, "ech_fault");
    case "fault":
      return nobody(facts, decision.reason);
    case "stale":
      return service.ech.onReject.kind === "retry"
        ? nobody(facts, "ech_retry")
        : connected(facts, service, service);
  }
}

function explainQuic(
  held: readonly Uint8Array[],
  service: Service,
  host: string,
): EchOutcome | null {
  const decision = decideEchQuic({ held, service, host, budget: null }, 0);
  if (decision === null) return null;
  const { facts } = decision;
  if (decision.kind === "connect") return connected(facts, decision.service, service);
  return nobody(facts, decision.drop.outcome.reason);
}

function nobody(facts: EchFacts, route: EchOutcome["route"]): EchOutcome {
  return { facts, service: null, route };
}

function connected(facts: EchFacts, service: Service, outer: Service): EchOutcome {
  return { facts, service, route: service === outer ? null : "ech" };
}

/** TEST-NET-1 (RFC 5737 §3): no source is told by it. */
const ANY_HOST = "192.0.2.1";
