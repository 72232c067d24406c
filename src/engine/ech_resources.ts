/**
 * What an engine gives its flows for ECH.
 *
 * @module
 */

import { EchBudget, type EchResources } from "../pipeline/ech_budget.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents, EngineNotice } from "./engine.ts";
import type { FlowLedger } from "./flow_ledger.ts";
import { RareNotice } from "./rare_notice.ts";

/** For the flows of both transports. */
export interface EngineEchResources extends EchResources {
  /**
   * That of QUIC. Anyone can send datagrams in another's name: what fails over UDP must not keep a client's hellos over TCP
   * from being opened.
   */
  readonly udpBudget: EchBudget;
}

/** Made once for an engine, or for one of its workers. Counts in the ledger what budgets turn away, and tells of it. */
export function echResources(
  events: EngineEvents,
  clock: Clock,
  ledger: FlowLedger,
): EngineEchResources {
  const notice = new RareNotice(events, clock);
  const onLimited = (host: string) => {
    ledger.echLimited++;
    notice.count((times) => limitReached(host, times));
  };
  return {
    budget: new EchBudget(onLimited),
    udpBudget: new EchBudget(onLimited),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
}

function limitReached(host: string, times: number): EngineNotice {
  const message = `Too many hellos of "${host}" were sealed for keys of ours and could not be ` +
    `opened: ${times} not tried since the last such message, whoever sent them`;
  return { event: "ech_limit_reached", message };
}
