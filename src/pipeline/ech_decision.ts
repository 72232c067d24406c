/**
 * What becomes of a ClientHello that a service with ECH keys takes.
 *
 * @module
 */

import type { EchFacts, EchSettings } from "../model/ech.ts";
import type { EndReason } from "../model/flow.ts";
import type { Service } from "../model/snapshot.ts";
import { type EchContext, openClientHello } from "../proto/ech/open.ts";
import { ALERT } from "../proto/tls/alert.ts";
import type { ClientHello } from "../proto/tls/client_hello.ts";
import type { EchBudget } from "./ech_budget.ts";
import { findExact, findPattern } from "./name_lookup.ts";

/** The decision, whatever carries the hello. */
export type EchDecision =
  /** It goes where its outer name leads, unchanged. */
  | { readonly kind: "outer"; readonly facts: EchFacts }
  /** It goes where its inner name leads, in its inner form. */
  | {
    readonly kind: "inner";
    readonly facts: EchFacts;
    readonly service: Service;
    /** The inner hello as handshake message, header included. */
    readonly inner: Uint8Array;
    /** For a second hello. */
    readonly context: EchContext;
  }
  /** The client gets an alert. */
  | { readonly kind: "fault"; readonly facts: EchFacts } & EchFault
  /** It is for a public name, and sealed for a configuration that is not in use any more: see `onReject`. */
  | { readonly kind: "stale"; readonly facts: EchFacts }
  /**
   * A key may open it, but its source has used up its budget. A public server that has no such key must not get it: its
   * client would take ECH for switched off, and say the hidden name in the clear (RFC 9849 §6.1.6).
   */
  | { readonly kind: "limited"; readonly facts: EchFacts };

/** What is wrong with a hello: it breaks a rule, or names nothing that is served. */
export interface EchFault {
  readonly reason: Extract<EndReason, "ech_fault" | "ech_unserved">;
  readonly alert: number;
}

/** Who sent a hello, and when. */
export interface EchClientInfo {
  /** The client's IP address. */
  readonly host: string;
  /** Milliseconds of any one monotonic clock. */
  readonly now: number;
  /** Null: without a bound on what fails. */
  readonly budget: EchBudget | null;
}

/**
 * Opens a hello and says where it goes.
 *
 * @param message the outer hello as handshake message, header included; only read
 * @param hello what it says
 */
export function decideEch(
  message: Uint8Array,
  hello: ClientHello,
  ech: EchSettings,
  { host, now, budget }: EchClientInfo,
): EchDecision {
  const opening = openClientHello(message, hello, ech, () => budget?.mayTry(host, now) ?? true);
  const publicName = hello.serverName;
  const plain = { publicName, configId: null, innerName: null };
  switch (opening.kind) {
    case "none":
      return { kind: "outer", facts: { ...plain, status: "none" } };
    case "fault": {
      const { alert, configId } = opening;
      const status = configId === null ? "rejected" : "accepted";
      return { kind: "fault", reason: "ech_fault", alert, facts: { ...plain, status, configId } };
    }
    case "rejected": {
      const { configId, isOurs, tried, isLimited } = opening;
      budget?.failed(host, tried, now);
      const facts: EchFacts = { ...plain, status: isOurs ? "rejected" : "grease", configId };
      const isForPublicName = isPublicName(publicName, ech);
      if (isLimited) {
        return { kind: isForPublicName || publicName === null ? "limited" : "outer", facts };
      }
      return { kind: isOurs && isForPublicName ? "stale" : "outer", facts };
    }
    case "accepted": {
      const { inner, context, key } = opening;
      const innerName = opening.hello.serverName;
      const facts: EchFacts = {
        ...{ status: "accepted", publicName, configId: key.configId },
        innerName: ech.logInnerNames ? innerName : null,
      };
      const service = innerName === null
        ? undefined
        : findExact(ech.names, innerName) ?? findPattern(ech.names, innerName);
      return service === undefined
        ? { kind: "fault", reason: "ech_unserved", alert: ALERT.unrecognizedName, facts }
        : { kind: "inner", facts, service, inner, context };
    }
  }
}

function isPublicName(name: string | null, { keys }: EchSettings): boolean {
  return keys.some(({ publicName }) => publicName === name);
}
