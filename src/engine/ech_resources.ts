/**
 * What an engine gives its flows for ECH.
 *
 * @module
 */

import { LIMIT_NOTICE_INTERVAL } from "../model/limits.ts";
import { EchBudget, type EchResources } from "../pipeline/ech_budget.ts";
import type { Clock } from "./clock.ts";
import type { EngineEvents } from "./engine.ts";
import type { FlowLedger } from "./flow_ledger.ts";

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
  const notice = new EchLimitNotice(events, clock);
  const onLimited = (host: string) => {
    ledger.echLimited++;
    notice.limited(host);
  };
  return {
    budget: new EchBudget(onLimited),
    udpBudget: new EchBudget(onLimited),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
}

/** As LimitNotice: the first at once, then one an interval at most, with the number that it stands for. */
class EchLimitNotice {
  readonly #events: EngineEvents;
  readonly #clock: Clock;
  #limited = 0;
  #toldAt = -Infinity;

  constructor(events: EngineEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  limited(host: string): void {
    this.#limited++;
    const now = this.#clock.now();
    if (now - this.#toldAt < LIMIT_NOTICE_INTERVAL) return;
    const message = `Too many hellos of "${host}" were sealed for keys of ours and could not be ` +
      `opened: ${this.#limited} not tried since the last such message, whoever sent them`;
    this.#events.notice({ event: "ech_limit_reached", message });
    this.#limited = 0;
    this.#toldAt = now;
  }
}
