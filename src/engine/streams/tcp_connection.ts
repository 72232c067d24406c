/**
 * One TCP connection: does what its {@linkcode TcpFlow} asks for, until it is relayed or closed.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { ErrorCode } from "../../model/errors.ts";
import type { FlowFacts, FlowOutcome, TcpFlowAction, TcpFlowEvent } from "../../model/flow.ts";
import type { Resolution } from "../../model/resolver.ts";
import type { Target } from "../../model/snapshot.ts";
import type { TcpFlow } from "../../pipeline/tcp_flow.ts";
import type { EngineContext } from "./engine_context.ts";
import type { Cuttable, FlowEntry } from "../flow_ledger.ts";
import { FlowWait } from "./flow_wait.ts";
import { linger } from "./linger.ts";
import { Relay, type RelaySide } from "./relay.ts";
import { StreamReader } from "./stream_reader.ts";
import { closeQuietly, errorCodeOf } from "./sys_errors.ts";
import { writeAll } from "./write_all.ts";

type ActionOf<Kind extends TcpFlowAction["kind"]> = Extract<TcpFlowAction, { kind: Kind }>;

/** What the flow came to: a relay, or its end. */
type Decision = ActionOf<"relay"> | ActionOf<"close">;

const CUT = { kind: "close", outcome: { reason: "drained" } } as const;

/** An accepted connection. */
export class TcpConnection implements Cuttable {
  readonly #context: EngineContext;
  readonly #wait: FlowWait;
  readonly #client: RelaySide;
  readonly #entry: FlowEntry;
  /** Null once it has decided, so that a relay does not keep it in memory. */
  #flow: TcpFlow | null;
  #target: RelaySide | null = null;
  /** Whether our direction to the client has ended. */
  #hasFinished = false;
  #relay: Relay | null = null;

  constructor(
    context: EngineContext,
    flow: TcpFlow,
    conn: Deno.TcpConn,
    listener: SocketAddress,
  ) {
    this.#context = context;
    this.#flow = flow;
    this.#wait = new FlowWait(context.clock);
    this.#client = this.#side(conn);
    this.#entry = context.ledger.open("tcp", listener, this);
  }

  /** Serves the connection to its end. Never rejects. */
  async run(): Promise<void> {
    const decision = await this.#decide();
    const facts = this.#takeFacts();
    const outcome = decision.kind === "close"
      ? decision.outcome
      : await this.#startRelay(decision, facts);
    if (this.#hasFinished) await linger(this.#client, this.#wait, this.#context.clock);
    this.#close();
    await this.#client.reader.settled();
    await this.#target?.reader.settled();
    this.#entry.close(facts, outcome);
  }

  /** Turns the connection away without a look at its bytes. */
  refuse(outcome: FlowOutcome): void {
    this.#close();
    this.#entry.close(this.#takeFacts(), outcome);
  }

  /** Ends the connection at once, whatever it is doing. */
  cut(): void {
    this.#wait.cut();
    this.#relay?.end(CUT.outcome);
  }

  async #decide(): Promise<Decision> {
    const { clock, events } = this.#context;
    const flow = this.#currentFlow();
    try {
      let action = flow.start(clock.now());
      while (action.kind !== "relay" && action.kind !== "close") {
        const event = await this.#perform(action);
        if (event === null) return CUT;
        action = flow.next(event, clock.now());
      }
      if (action.kind === "relay") this.#connectedTarget(); // without one, the flow is broken
      return action;
    } catch (error) {
      const { source } = flow.facts();
      const message = `A connection from "${source.host}" met a fault of the proxy and was closed`;
      events.notice({ event: "flow_fault", message, error });
      return { kind: "close", outcome: { reason: "error" } };
    }
  }

  /** The answer to an action; null when the connection was cut. */
  #perform(action: Exclude<TcpFlowAction, Decision>): Promise<TcpFlowEvent | null> {
    switch (action.kind) {
      case "read":
        return this.#read(action);
      case "resolve":
        return this.#resolve(action);
      case "connect":
        return this.#connect(action);
      case "race":
        return this.#race(action);
      case "reply":
        return this.#reply(action);
    }
  }

  async #read({ max, deadline }: ActionOf<"read">): Promise<TcpFlowEvent | null> {
    const { reader } = this.#client;
    reader.request(max);
    switch (await this.#wait.until(() => reader.ready, deadline)) {
      case "ready":
        return this.#takeFromClient();
      case "timeout":
        return { kind: "timeout" };
      case "cut":
        return null;
    }
  }

  async #resolve({ target, deadline }: ActionOf<"resolve">): Promise<TcpFlowEvent | null> {
    const known = this.#context.resolver.peek(target);
    if (known !== null) return { kind: "resolved", addresses: known };
    const lookup = this.#lookUp(target);
    switch (await this.#wait.until(() => lookup.result !== null, deadline)) {
      case "ready":
        return resolutionEvent(lookup.result);
      case "timeout":
        return { kind: "resolveFailed", error: "name_not_resolved" };
      case "cut":
        return null;
    }
  }

  #lookUp(target: Target): { result: Resolution | null } {
    const lookup: { result: Resolution | null } = { result: null };
    this.#context.resolver.resolve(target).then((result) => {
      lookup.result = result;
      this.#wait.notify();
    });
    return lookup;
  }

  async #connect({ address, deadline }: ActionOf<"connect">): Promise<TcpFlowEvent | null> {
    this.#dropTarget();
    const attempt = new ConnectAttempt(address, () => this.#wait.notify());
    const result = await this.#wait.until(() => attempt.ended, deadline);
    if (result !== "ready") {
      attempt.abandon();
      return result === "cut" ? null : { kind: "connectFailed", error: "connect_timeout" };
    }
    if (attempt.conn === null) return { kind: "connectFailed", error: attempt.error ?? "io_error" };
    this.#target = this.#side(attempt.conn);
    return { kind: "connected" };
  }

  async #race({ preface, max, deadline }: ActionOf<"race">): Promise<TcpFlowEvent | null> {
    const client = this.#client.reader;
    const target = this.#connectedTarget();
    if (preface !== null && !await sendPreface(target.conn, preface)) {
      return { kind: "targetFirst" };
    }
    client.request(max);
    target.reader.request(max);
    switch (await this.#wait.until(() => client.ready || target.reader.ready, deadline)) {
      case "ready":
        // Where both have spoken, the client's bytes tell whom it wants. Those of the target stay for the relay.
        return client.ready ? this.#takeFromClient() : { kind: "targetFirst" };
      case "timeout":
        return { kind: "timeout" };
      case "cut":
        return null;
    }
  }

  async #reply({ bytes, end, deadline }: ActionOf<"reply">): Promise<TcpFlowEvent | null> {
    const { conn } = this.#client;
    let result: TcpFlowEvent | null = null;
    const settle = (event: TcpFlowEvent) => {
      result = event;
      this.#wait.notify();
    };
    sendReply(conn, bytes, end).then(
      () => settle({ kind: "replied" }),
      () => settle({ kind: "reset" }),
    );
    switch (await this.#wait.until(() => result !== null, deadline)) {
      case "ready":
        this.#hasFinished = end;
        return result;
      case "timeout":
        return { kind: "timeout" };
      case "cut":
        return null;
    }
  }

  #takeFromClient(): TcpFlowEvent {
    const { reader } = this.#client;
    const result = reader.take();
    return result === "data" ? { kind: "data", head: reader.head } : { kind: result };
  }

  async #startRelay(action: ActionOf<"relay">, facts: FlowFacts): Promise<FlowOutcome> {
    const { clock, buffers } = this.#context;
    const [client, target, entry] = [this.#client, this.#connectedTarget(), this.#entry];
    entry.started(facts);
    this.#relay = new Relay({ ...action, clock, buffers, entry, client, target });
    return await this.#relay.run();
  }

  #connectedTarget(): RelaySide {
    if (this.#target === null) throw new Error("the flow has no connected target");
    return this.#target;
  }

  #currentFlow(): TcpFlow {
    if (this.#flow === null) throw new Error("the flow has decided already");
    return this.#flow;
  }

  #takeFacts(): FlowFacts {
    const facts = this.#currentFlow().facts();
    this.#flow = null;
    return facts;
  }

  #close(): void {
    closeQuietly(this.#client.conn);
    if (this.#target !== null) closeQuietly(this.#target.conn);
  }

  #dropTarget(): void {
    if (this.#target !== null) closeQuietly(this.#target.conn);
    this.#target = null;
  }

  #side(conn: Deno.TcpConn): RelaySide {
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
    } catch {
      // Some systems refuse this on a connection that was reset; the first read will tell of it.
    }
    return { conn, reader: new StreamReader(conn, () => this.#wait.notify()) };
  }
}

/** A connection that is being made. */
class ConnectAttempt {
  readonly #controller = new AbortController();
  #abandoned = false;
  ended = false;
  conn: Deno.TcpConn | null = null;
  error: ErrorCode | null = null;

  constructor(address: SocketAddress, onEnd: () => void) {
    const { host: hostname, port } = address;
    // The address is literal: there are no families to choose from.
    const options = { hostname, port, autoSelectFamily: false, signal: this.#controller.signal };
    Deno.connect(options).then(
      (conn) => {
        if (this.#abandoned) return conn.close();
        this.conn = conn;
        this.ended = true;
        onEnd();
      },
      (error) => {
        this.error = errorCodeOf(error);
        this.ended = true;
        onEnd();
      },
    );
  }

  /**
   * Gives up. A connection that came about in the same moment is closed: `abort` must run some microtasks after the
   * timer that led to it, as it does behind an `await`, or Deno would lose the connection that it has just made.
   */
  abandon(): void {
    this.#abandoned = true;
    this.conn?.close();
    this.#controller.abort();
  }
}

function resolutionEvent(resolution: Resolution | null): TcpFlowEvent {
  if (resolution === null) throw new Error("no resolution to take");
  return resolution.kind === "resolved"
    ? { kind: "resolved", addresses: resolution.addresses }
    : { kind: "resolveFailed", error: resolution.error };
}

async function sendReply(client: Deno.TcpConn, bytes: Uint8Array, end: boolean): Promise<void> {
  await writeAll(client, bytes);
  if (end) await client.closeWrite();
}

/** Tells whether the target took it. */
async function sendPreface(target: Deno.TcpConn, preface: Uint8Array): Promise<boolean> {
  try {
    await writeAll(target, preface);
    return true;
  } catch {
    // The relay meets the same error, and tells of it.
    return false;
  }
}
