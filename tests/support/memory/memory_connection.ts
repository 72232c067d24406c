/**
 * One TCP connection of the `memory` engine.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import type { Cuttable, FlowEntry } from "../../../src/engine/flow_ledger.ts";
import { FlowWait } from "../../../src/engine/streams/flow_wait.ts";
import { Timer } from "../../../src/engine/timer_wheel.ts";
import type {
  FilterOutput,
  FlowOutcome,
  StreamFilter,
  TcpFlowAction,
  TcpFlowEvent,
} from "../../../src/model/flow.ts";
import { LINGER_TIMEOUT, MAX_LINGER_BYTES } from "../../../src/model/limits.ts";
import type { Resolution } from "../../../src/model/resolver.ts";
import type { Target } from "../../../src/model/snapshot.ts";
import type { TcpFlow } from "../../../src/pipeline/tcp_flow.ts";
import type { MemoryContext } from "./memory_engine.ts";
import type { MemorySocket } from "./memory_network.ts";

type ActionOf<Kind extends TcpFlowAction["kind"]> = Extract<TcpFlowAction, { kind: Kind }>;
type Side = "client" | "target";
type Decision = ActionOf<"relay"> | ActionOf<"close">;

/** Does what its flow asks for, then relays. */
export class MemoryConnection implements Cuttable {
  readonly #context: MemoryContext;
  readonly #flow: TcpFlow;
  readonly #client: MemorySocket;
  readonly #entry: FlowEntry;
  readonly #wait: FlowWait;
  readonly #idle = new Timer(() => this.#onIdle());
  readonly #linger = new Timer(() => this.#client.incoming.break());
  #target: MemorySocket | null = null;
  #head = new Uint8Array(0);
  #idleMs = 0;
  #lastMove = 0;
  #outcome: FlowOutcome | null = null;
  /** Null where there is none, or none any more. */
  #filter: StreamFilter | null = null;
  /** Ends when all is written that a filter has had for a side so far. */
  #written: Record<"client" | "target", Promise<void>> = {
    client: Promise.resolve(),
    target: Promise.resolve(),
  };
  #lingers = false;

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
    if (decision.kind === "relay") {
      this.#entry.started(this.#flow.facts());
      await this.#relay(decision, this.#connectedTarget());
      this.#context.clock.disarm(this.#idle);
    } else {
      this.#outcome = decision.outcome;
    }
    if (this.#lingers) await this.#readOn();
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
    this.#client.incoming.break();
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
      case "reply":
        return await this.#reply(action);
    }
  }

  async #reply({ bytes, end, deadline }: ActionOf<"reply">): Promise<TcpFlowEvent | null> {
    const { outgoing } = this.#client;
    const reply: { event: TcpFlowEvent | null } = { event: null };
    outgoing.write(bytes).then(
      () => reply.event = { kind: "replied" },
      () => reply.event = { kind: "reset" },
    ).then(() => this.#wait.notify());
    const waited = await this.#wait.until(() => reply.event !== null, deadline);
    if (waited === "cut") return null;
    if (waited === "ready" && end) this.#finish();
    return reply.event ?? { kind: "timeout" };
  }

  #finish(): void {
    const { clock } = this.#context;
    this.#client.outgoing.end();
    this.#lingers = true;
    clock.arm(this.#linger, clock.now() + LINGER_TIMEOUT);
  }

  /** Throws away what the client sends until it has ended, or long enough. */
  async #readOn(): Promise<void> {
    try {
      for (let left = MAX_LINGER_BYTES; left > 0;) {
        const chunk = await this.#client.incoming.read();
        if (chunk === null) break;
        left -= chunk.length;
      }
    } catch {
      // It was reset, or has had its time.
    }
    this.#context.clock.disarm(this.#linger);
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

    this.#filter = action.filter ?? null;
    if (action.preface !== null) {
      this.#entry.countUp(-action.preface.length);
      this.#write("target", action.preface).catch(() => this.#end({ reason: "target_reset" }));
    }
    await Promise.all([
      this.#pump("client", [this.#head.subarray(action.headOffset)]),
      this.#pump("target", []),
    ]);
  }

  async #pump(from: Side, first: Uint8Array[]): Promise<void> {
    const to = from === "client" ? "target" : "client";
    const { incoming } = this.#socket(from);
    try {
      for (;;) {
        const chunk = first.shift() ?? await incoming.read();
        if (this.#lingers) return;
        if (chunk === null) break;
        await (this.#filter === null ? this.#write(to, chunk) : this.#filterData(from, chunk));
        if (this.#lingers) return;
      }
      if (this.#filter !== null) await this.#filterEnd(from);
      await this.#written[to];
      this.#socket(to).outgoing.end();
    } catch {
      this.#end({ reason: to === "client" ? "client_reset" : "target_reset" });
    }
  }

  async #filterData(from: Side, chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0 || this.#filter === null) return;
    const filter = this.#filter;
    await this.#follow(from === "client" ? filter.fromClient(chunk) : filter.fromTarget(chunk));
  }

  async #filterEnd(from: Side): Promise<void> {
    const filter = this.#filter;
    if (filter !== null) {
      await this.#follow(from === "client" ? filter.clientEnded() : filter.targetEnded());
    }
  }

  async #follow({ toClient, toTarget, next }: FilterOutput): Promise<void> {
    const writes = [
      toTarget !== null && this.#write("target", toTarget.slice()),
      toClient !== null && this.#write("client", toClient.slice()),
    ];
    if (next === "raw") this.#filter = null;
    if (typeof next !== "object") return void await Promise.all(writes);
    this.#outcome ??= next;
    this.#target?.close();
    await Promise.allSettled(writes);
    this.#finish();
  }

  /** Writes behind all that was written before. */
  #write(to: Side, bytes: Uint8Array): Promise<void> {
    this.#written[to] = this.#written[to].then(async () => {
      await this.#socket(to).outgoing.write(bytes);
      if (to === "client") this.#entry.countDown(bytes.length);
      else this.#entry.countUp(bytes.length);
      this.#moved();
    });
    return this.#written[to];
  }

  #socket(side: Side): MemorySocket {
    return side === "client" ? this.#client : this.#connectedTarget();
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
