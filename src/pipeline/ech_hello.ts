/**
 * What becomes of a TLS client whose service has ECH keys.
 *
 * @module
 */

import type { EchFacts, EchRejection } from "../model/ech.ts";
import type { StreamFilter } from "../model/flow.ts";
import type { Service } from "../model/snapshot.ts";
import { SplitRelay } from "../proto/ech/split_relay.ts";
import { ALERT } from "../proto/tls/alert.ts";
import { parseClientHello } from "../proto/tls/client_hello.ts";
import { firstMessage } from "../proto/tls/first_message.ts";
import type { EchResources } from "./ech_budget.ts";
import { decideEch } from "./ech_decision.ts";

/** The decision for a TCP connection. `facts` is null where its bytes hold no hello after all. */
export type EchHello =
  /** To this service; `filter` puts inner hellos in the place of outer ones, null: the bytes go as they are. */
  | {
    readonly kind: "connect";
    readonly facts: EchFacts | null;
    readonly service: Service;
    readonly filter: StreamFilter | null;
  }
  | { readonly kind: "alert"; readonly facts: EchFacts; readonly alert: number }
  /** The client is given current configurations. */
  | {
    readonly kind: "retry";
    readonly facts: EchFacts;
    readonly rejection: Extract<EchRejection, { kind: "retry" }>;
    readonly resources: EchResources;
  };

/** What a connection came with. */
export interface EchHelloInput {
  /** All that the client has said of its own: its hello is whole. */
  readonly said: Uint8Array;
  /** Where its outer name leads. */
  readonly service: Service;
  /** The client's IP address. */
  readonly host: string;
  readonly resources: EchResources | null;
}

/** @param now milliseconds of any one monotonic clock */
export function decideEchHello(
  { said, service, host, resources }: EchHelloInput,
  now: number,
): EchHello {
  const outer = { kind: "connect", service, filter: null } as const;
  const first = firstMessage(said);
  const hello = first === null ? null : parseClientHello(first.message);
  if (service.ech === undefined || first === null || hello?.kind !== "match") {
    return { ...outer, facts: null };
  }
  const budget = resources?.budget ?? null;
  const decision = decideEch(first.message, hello.value, service.ech, { host, now, budget });
  const { facts } = decision;
  switch (decision.kind) {
    case "outer":
      return { ...outer, facts };
    case "fault":
      return { kind: "alert", facts, alert: decision.alert };
    case "inner": {
      // What follows on it in its record is not of this hello (RFC 8446 §5.1).
      if (!first.endsRecord) return { kind: "alert", facts, alert: ALERT.unexpectedMessage };
      const { inner, context } = decision;
      const filter = new SplitRelay({ inner, outerLength: first.end, context });
      return { kind: "connect", facts, service: decision.service, filter };
    }
    case "stale": {
      const rejection = service.ech.onReject;
      if (rejection.kind !== "retry" || resources === null) return { ...outer, facts };
      // A handshake costs more than a try, and nothing was tried where the key is gone.
      if (!resources.budget.mayTry(host, now)) return { ...outer, facts };
      resources.budget.failed(host, 1, now);
      return { kind: "retry", facts, rejection, resources };
    }
  }
}
