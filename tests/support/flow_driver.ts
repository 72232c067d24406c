/**
 * An engine without sockets: answers a {@linkcode TcpFlow} with any sequence of events that a real one may give, and
 * checks that what the flow asks for can be done.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SocketAddress } from "../../src/model/address.ts";
import { type ErrorCode, ERRORS } from "../../src/model/errors.ts";
import type { FlowFacts, FlowInit, TcpFlowAction, TcpFlowEvent } from "../../src/model/flow.ts";
import { TcpFlow } from "../../src/pipeline/tcp_flow.ts";

/** What a client does. */
export interface ClientScript {
  /** What it sends, as it arrives. */
  readonly chunks: readonly Uint8Array[];
  /** What it does then; `silent` leaves the connection open. */
  readonly end: "eof" | "reset" | "silent";
}

/** Chooses one of so many possibilities, 0 being the one where all goes well. */
export type Choose = (count: number) => number;

/** What became of a flow. */
export interface DrivenFlow {
  readonly decision: Extract<TcpFlowAction, { kind: "relay" | "close" }>;
  readonly facts: FlowFacts;
  readonly steps: number;
  /** PROXY headers that went to the connection that is relayed. */
  readonly prefaces: readonly Uint8Array[];
}

const ADDRESSES: readonly SocketAddress[] = [
  { host: "10.9.0.1", port: 80 },
  { host: "10.9.0.2", port: 80 },
];
const FAILURES = Object.keys(ERRORS) as ErrorCode[];

/** Drives one flow to its decision. */
export function driveTcpFlow(init: FlowInit, client: ClientScript, choose: Choose): DrivenFlow {
  const engine = new DrivenEngine(client, choose);
  const flow = new TcpFlow(init);
  let action = flow.start(engine.now);
  let steps = 1;
  while (action.kind !== "relay" && action.kind !== "close") {
    assert(steps < 1_000, "the flow does not end");
    action = flow.next(engine.answer(action), engine.now);
    steps++;
  }
  if (action.kind === "relay") engine.relay(action);
  return { decision: action, facts: flow.facts(), steps, prefaces: engine.prefaces };
}

class DrivenEngine {
  now = 1_000;
  prefaces: Uint8Array[] = [];
  readonly #unread: Uint8Array[];
  readonly #end: ClientScript["end"];
  readonly #choose: Choose;
  #head = new Uint8Array(0);
  #clientEnded = false;
  #connected = false;

  constructor({ chunks, end }: ClientScript, choose: Choose) {
    this.#unread = chunks.filter((chunk) => chunk.length > 0);
    this.#end = end;
    this.#choose = choose;
  }

  answer(action: Exclude<TcpFlowAction, { kind: "relay" | "close" }>): TcpFlowEvent {
    switch (action.kind) {
      case "read":
        return this.#pick([...this.#fromClient(action.max), this.#timeout(action.deadline)]);
      case "race":
        assert(this.#connected, "a race without a target");
        if (action.preface !== null) this.prefaces.push(action.preface);
        return this.#pick([
          ...this.#fromClient(action.max),
          () => ({ kind: "targetFirst" }),
          ...Number.isFinite(action.deadline) ? [this.#timeout(action.deadline)] : [],
        ]);
      case "reply":
        return this.#pick([
          () => ({ kind: "replied" }),
          () => ({ kind: "reset" }),
          this.#timeout(action.deadline),
        ]);
      case "resolve":
        return this.#pick([
          () => ({ kind: "resolved", addresses: ADDRESSES }),
          () => ({ kind: "resolveFailed", error: "name_not_resolved" }),
        ]);
      case "connect":
        this.#connected = false;
        this.prefaces = [];
        return this.#pick([
          () => {
            this.#connected = true;
            return { kind: "connected" };
          },
          () => ({
            kind: "connectFailed",
            error: FAILURES[this.#choose(FAILURES.length)] ?? "io_error",
          }),
        ]);
    }
  }

  relay({ preface, headOffset }: Extract<TcpFlowAction, { kind: "relay" }>): void {
    assert(this.#connected, "a relay without a target");
    assert(headOffset <= this.#head.length, "a relay from behind what was read");
    if (preface !== null) this.prefaces.push(preface);
  }

  #pick(possibilities: readonly (() => TcpFlowEvent)[]): TcpFlowEvent {
    const possibility = possibilities[this.#choose(possibilities.length)];
    assert(possibility !== undefined);
    this.now += 1;
    return possibility();
  }

  #timeout(deadline: number): () => TcpFlowEvent {
    return () => {
      this.now = Math.max(this.now, deadline);
      return { kind: "timeout" };
    };
  }

  /** The client's next step, if it takes another. */
  #fromClient(max: number): (() => TcpFlowEvent)[] {
    assert(!this.#clientEnded, "a client that has ended is read from");
    assert(max > this.#head.length, "more is asked for than may be held");
    const [chunk] = this.#unread;
    if (chunk !== undefined) {
      return [() => {
        const taken = chunk.subarray(0, max - this.#head.length);
        this.#unread[0] = chunk.subarray(taken.length);
        if (this.#unread[0].length === 0) this.#unread.shift();
        this.#head = Uint8Array.of(...this.#head, ...taken);
        return { kind: "data", head: this.#head };
      }];
    }
    const end = this.#end;
    if (end === "silent") return [];
    return [() => {
      this.#clientEnded = true;
      return { kind: end };
    }];
  }
}
