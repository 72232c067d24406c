/**
 * One UDP flow from its first datagram on, in the hands of its driver, with a transport that writes down what it gets.
 *
 * @module
 */

import { FlowLedger } from "../../src/engine/flow_ledger.ts";
import { type Timer, TimerWheel } from "../../src/engine/timer_wheel.ts";
import { UdpFlowDriver, type UdpFlowTransport } from "../../src/engine/udp_flow_driver.ts";
import type { FlowFacts, FlowOutcome } from "../../src/model/flow.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { EchBudget } from "../../src/pipeline/ech_budget.ts";
import type { FlowIdTable } from "../../src/pipeline/flow_id_table.ts";
import { UdpFlow } from "../../src/pipeline/udp_flow.ts";
import { address } from "./snapshot_builder.ts";

/** A flow of 192.0.2.1, port 5000. Its targets must be IP addresses. */
export class UdpFlowRig implements UdpFlowTransport {
  /** What the target got. */
  readonly sent: Uint8Array[] = [];
  /** What the client got from the proxy itself. */
  readonly replies: Uint8Array[] = [];
  /** How the flow ended. */
  outcome: FlowOutcome | null = null;
  readonly driver: UdpFlowDriver;
  readonly ledger: FlowLedger;
  readonly #flow: UdpFlow;
  readonly #wheel = new TimerWheel();
  #now = 0;

  constructor(
    snapshot: Snapshot,
    budget: EchBudget | null = null,
    ids: FlowIdTable | null = null,
  ) {
    const events = {
      flowStarted: () => {},
      flowFinished: (_: unknown, end: { readonly outcome: FlowOutcome }) => {
        this.outcome = end.outcome;
      },
      notice: ({ message, error }: { readonly message: string; readonly error?: unknown }) => {
        throw error ?? new Error(message);
      },
    };
    const listener = address("198.51.100.1:443");
    const init = { snapshot, peer: address("192.0.2.1:5000"), local: listener, seed: 1 };
    this.#flow = new UdpFlow(init, ids, budget);
    this.ledger = new FlowLedger(events);
    this.driver = new UdpFlowDriver({
      flow: this.#flow,
      listener,
      transport: this,
      clock: {
        now: () => this.#now,
        arm: (timer: Timer, deadline: number) => this.#wheel.arm(timer, deadline, this.#now),
        disarm: (timer: Timer) => this.#wheel.disarm(timer),
      },
      ledger: this.ledger,
      lookUp: { peek: ({ host, port }) => [{ host, port }], lookUp: () => {} },
      events,
    });
  }

  get facts(): FlowFacts {
    return this.#flow.facts();
  }

  /** Takes a datagram of the client. Returns what the target gets by it. */
  push(datagram: Uint8Array): readonly Uint8Array[] {
    const before = this.sent.length;
    if (this.driver.deliver(datagram)) this.sent.push(datagram);
    return this.sent.slice(before);
  }

  /** Takes a datagram of the target. */
  answer(datagram: Uint8Array): void {
    this.driver.observe(datagram, 0, datagram.length);
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#wheel.advance(this.#now);
  }

  open(): null {
    return null;
  }

  sendHeld(data: Uint8Array): void {
    this.sent.push(data);
  }

  reply(data: Uint8Array): void {
    this.replies.push(data);
  }

  end(closed: () => void): void {
    closed();
  }
}
