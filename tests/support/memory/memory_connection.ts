/**
 * One TCP connection of the `memory` engine.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import type { Cuttable, FlowEntry } from "../../../src/engine/flow_ledger.ts";
import { FlowWait } from "../../../src/engine/streams/flow_wait.ts";
import { Timer } from "../../../src/engine/timer_wheel.ts";
import type { FlowOutcome, TcpFlowAction, TcpFlowEvent } from "../../../src/model/flow.ts";
import type { Resolution } from "../../../src/model/resolver.ts";
import type { Target } from "../../../src/model/snapshot.ts";
import type { TcpFlow } from "../../../src/pipeline/tcp_flow.ts";
import type { MemoryContext } from "./memory_engine.ts";
import type { MemorySocket } from "./memory_network.ts";

type ActionOf<Kind extends TcpFlowAction["kind"]> = Extract<TcpFlowAction, { kind: Kind }>;
type Decision = ActionOf<"relay"> | ActionOf<"close">;

/** Does what its flow asks for, then relays. */
export class MemoryConnection implements Cuttable {
  readonly #context: MemoryContext;
  readonly #flow: TcpFlow;
  readonly #client: MemorySocket;
  readonly #entry: FlowEntry;
  readonly #wait: FlowWait;
  readonly #idle = new Timer(() => this.#onIdle());
  #target: MemorySocket | null = null;
  #head = new Uint8Array(0);
  #idleMs = 0;
  #lastMove = 0;
  #outcome: FlowOutcome | null = null;

  constructor(
    context: MemoryContext,
    flow: TcpFlow,
    client: MemorySocket,
    listener: SocketAddress,
  ) {
    this.#context = context;
    this.#flow = flow;
    this.#client = client;
    this.#wait = new FlowWait(context.clock);
    this.#entry = context.ledger.open("tcp", listener, this);
    client.incoming.observe(() => this.#wait.notify());
  }

  async run(): Promise<void> {
    const decision = await this.#decide();
    if (decision.kind === "close") return this.refuse(decision.outcome);
    this.#entry.started(this.#flow.facts());
    await this.#relay(decision, this.#connectedTarget());
    this.#context.clock.disarm(this.#idle);
    this.refuse(this.#outcome ?? { reason: "done" });
  }

  /** Ends the connection without a look at its bytes. */
  refuse(outcome: FlowOutcome): void {
    this.#client.close();
    this.#target?.close();
    this.#entry.close(this.#flow.facts(), outcome);
  }

  cut(): void {
    this.#wait.cut();
    this.#end({ reason: "drained" });
  }

  async #decide(): Promise<Decision> {
    const { clock, events } = this.#context;
    try {
      let action = this.#flow.start(clock.now());
      while (action.kind !== "relay" && action.kind !== "close") {
        const event = await this.#perform(action);
        if (event === null) return { kind: "close", outcome: { reason: "drained" } };
        action = this.#flow.next(event, clock.now());
      }
      return action;
    } catch (error) {
      events.notice({ event: "flow_fault", message: "A connection met a fault", error });
      return { kind: "close", outcome: { reason: "error" } };
    }
  }

  /** The answer to an action; null when the connection was cut. */
  async #perform(action: Exclude<TcpFlowAction, Decision>): Promise<TcpFlowEvent | null> {
    switch (action.kind) {
      case "read":
        return await this.#awaitBytes(null, action.max, action.deadline);
      case "race": {
        const target = this.#connectedTarget();
        if (action.preface !== null) target.outgoing.write(action.preface).catch(() => {});
        return await this.#awaitBytes(target, action.max, action.deadline);
      }
      case "resolve":
        return await this.#resolve(action.target, action.deadline);
      case "connect":
        return this.#connect(action.address);
    }
  }

  /** Waits until the client has done something, or the target has, where there is one. */
  async #awaitBytes(
    target: MemorySocket | null,
    max: number,
    deadline: number,
  ): Promise<TcpFlowEvent | null> {
    const { incoming } = this.#client;
    const ready = () => incoming.readable || (target?.incoming.readable ?? false);
    const result = await this.#wait.until(ready, deadline);
    if (result === "cut") return null;
    if (result === "timeout") return { kind: "timeout" };
    const taken = incoming.take(max - this.#head.length);
    if (taken === null) return { kind: "targetFirst" };
    if (taken === "eof" || taken === "reset") return { kind: taken };
    this.#head = Uint8Array.from([...this.#head, ...taken]);
    return { kind: "data", head: this.#head };
  }

  async #resolve(target: Target, deadline: number): Promise<TcpFlowEvent | null> {
    const lookup: { result: Resolution | null } = { result: null };
    this.#context.resolver.resolve(target).then((result) => {
      lookup.result = result;
      this.#wait.notify();
    });
    const waited = await this.#wait.until(() => lookup.result !== null, deadline);
    if (waited === "cut") return null;
    return lookup.result?.kind === "resolved"
      ? { kind: "resolved", addresses: lookup.result.addresses }
      : { kind: "resolveFailed", error: lookup.result?.error ?? "name_not_resolved" };
  }

  #connect(address: SocketAddress): TcpFlowEvent {
    this.#target?.close();
    this.#target = this.#context.network.connectTcp(address);
    if (this.#target === null) return { kind: "connectFailed", error: "connection_refused" };
    this.#target.incoming.observe(() => this.#wait.notify());
    return { kind: "connected" };
  }

  #connectedTarget(): MemorySocket {
    if (this.#target === null) throw new Error("the flow has no connected target");
    return this.#target;
  }

  async #relay(action: ActionOf<"relay">, target: MemorySocket): Promise<void> {
    const client = this.#client;
    // A reset of one side ends the other at once, whatever is being written.
    client.incoming.observe(() => client.incoming.broken && this.#end({ reason: "client_reset" }));
    target.incoming.observe(() => target.incoming.broken && this.#end({ reason: "target_reset" }));
    this.#idleMs = action.idleMs;
    this.#moved();
    if (action.idleMs > 0) this.#context.clock.arm(this.#idle, this.#lastMove + action.idleMs);

    const head = this.#head.subarray(action.headOffset);
    await Promise.all([
      this.#pump(client, target, "countUp", [action.preface ?? new Uint8Array(0), head]),
      this.#pump(target, client, "countDown", []),
    ]);
    this.#entry.countUp(-(action.preface?.length ?? 0));
  }

  async #pump(
    from: MemorySocket,
    to: MemorySocket,
    count: "countUp" | "countDown",
    first: Uint8Array[],
  ): Promise<void> {
    try {
      for (;;) {
        const chunk = first.shift() ?? await from.incoming.read();
        if (chunk === null) break;
        await to.outgoing.write(chunk);
        this.#entry[count](chunk.length);
        this.#moved();
      }
      to.outgoing.end();
    } catch {
      this.#end({ reason: to === this.#client ? "client_reset" : "target_reset" });
    }
  }

  #moved(): void {
    this.#lastMove = this.#context.clock.now();
  }

  #onIdle(): void {
    const idleAt = this.#lastMove + this.#idleMs;
    if (this.#context.clock.now() >= idleAt) this.#end({ reason: "idle" });
    else this.#context.clock.arm(this.#idle, idleAt);
  }

  /** The first outcome counts. */
  #end(outcome: FlowOutcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#client.close();
    this.#target?.close();
  }
}
