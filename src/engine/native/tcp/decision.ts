/**
 * Does what a {@linkcode TcpFlow} asks for until the connection is relayed or closed.
 *
 * @module
 */

import type { ErrorCode } from "../../../model/errors.ts";
import type { FlowOutcome, TcpFlowAction, TcpFlowEvent } from "../../../model/flow.ts";
import type { Resolution } from "../../../model/resolver.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import type { TcpFlow } from "../../../pipeline/tcp_flow.ts";
import { EAGAIN, EINPROGRESS, errorCodeOf } from "../sys/errno.ts";
import { EPOLLOUT, SHUT_WR } from "../sys/layout.ts";
import { openTcpSocket } from "../sys/sockets.ts";
import { type Backlog, HeldBytes } from "./backlog.ts";
import { FilteredRelay } from "./filtered_relay.ts";
import { Head } from "./head.ts";
import type { Leg } from "./leg.ts";
import { Lingering } from "./lingering.ts";
import { Relay } from "./relay.ts";
import type { Phase, TcpConnection } from "./tcp_connection.ts";

type ActionOf<Kind extends TcpFlowAction["kind"]> = Extract<TcpFlowAction, { kind: Kind }>;

const EOF = { kind: "eof" } as const;
const RESET = { kind: "reset" } as const;
const TIMEOUT = { kind: "timeout" } as const;
const CONNECTED = { kind: "connected" } as const;
const TARGET_FIRST = { kind: "targetFirst" } as const;
const REPLIED = { kind: "replied" } as const;

/** The first phase of a connection. Gone once it has decided, with all that it holds. */
export class Decision implements Phase {
  readonly #connection: TcpConnection;
  readonly #flow: TcpFlow;
  readonly #snapshot: Snapshot;
  readonly #head: Head;
  /** Bytes of the head that the target was sent with the first packet. */
  #early = 0;
  /** What the client is still to get of a reply. */
  #unsent: Backlog | null = null;
  /** Whether our direction to the client has ended. */
  #hasFinished = false;
  /** What the flow waits for. */
  #action: TcpFlowAction | null = null;

  /** @param snapshot that of the flow */
  constructor(connection: TcpConnection, flow: TcpFlow, snapshot: Snapshot) {
    this.#connection = connection;
    this.#flow = flow;
    this.#snapshot = snapshot;
    this.#head = new Head(connection.context.tcp.buffers);
    connection.enter(this);
  }

  /** Goes as far as is possible without waiting. */
  start(): void {
    try {
      this.#follow(this.#flow.start(this.#now));
    } catch (error) {
      this.onFault(error);
    }
  }

  onReady(leg: Leg, events: number): void {
    const action = this.#action;
    if (action === null || this.#connection.over) return;
    this.#answer(this.#progress(action, leg, events));
  }

  onTurn(): void {}

  onDeadline(): void {
    switch (this.#action?.kind) {
      case "read":
      case "race":
      case "reply":
        return this.#answer(TIMEOUT);
      case "resolve":
        return this.#answer({ kind: "resolveFailed", error: "name_not_resolved" });
      case "connect":
        return this.#answer(this.#failConnect("connect_timeout"));
    }
  }

  onFault(error: unknown): void {
    this.#release();
    this.#connection.fault(this.#flow.facts(), error);
  }

  end(outcome: FlowOutcome): void {
    this.#release();
    this.#connection.end(this.#flow.facts(), outcome);
  }

  #release(): void {
    this.#head.release();
    this.#unsent?.release();
    this.#unsent = null;
  }

  get #now(): number {
    return this.#connection.context.clock.now();
  }

  /** @param event what the last action led to; null while that is open */
  #answer(event: TcpFlowEvent | null): void {
    if (event !== null) this.#follow(this.#flow.next(event, this.#now));
  }

  #follow(action: TcpFlowAction): void {
    for (;;) {
      this.#action = action;
      const event = this.#perform(action);
      if (event === null) return;
      action = this.#flow.next(event, this.#now);
    }
  }

  /** Begins an action. Returns what it led to; null when that is still to come, or nothing will. */
  #perform(action: TcpFlowAction): TcpFlowEvent | null {
    switch (action.kind) {
      case "read":
        return this.#read(action.max) ?? this.#wait(action.deadline);
      case "resolve":
        return this.#resolve(action) ?? this.#wait(action.deadline);
      case "connect":
        return this.#connect(action) ?? this.#wait(action.deadline);
      case "race":
        return this.#race(action) ?? this.#wait(action.deadline);
      case "reply":
        return this.#reply(action) ?? this.#wait(action.deadline);
      case "relay":
        this.#relay(action);
        return null;
      case "close":
        this.#close(action.outcome);
        return null;
    }
  }

  #wait(deadline: number): TcpFlowEvent | null {
    const { client, timer } = this.#connection;
    timer.set(deadline);
    if (!client.isWatched) this.#connection.watch(client);
    return null;
  }

  /** What the flow gets to know by an event of one leg. */
  #progress(action: TcpFlowAction, leg: Leg, events: number): TcpFlowEvent | null {
    const { client } = this.#connection;
    switch (action.kind) {
      case "read":
        return this.#read(action.max);
      case "race":
        return this.#speech(action.max);
      case "resolve":
      case "connect":
        if (leg !== client) return this.#connectResult(leg, events);
        // What the client says meanwhile waits; but when it is gone there is nothing left to connect for.
        if (client.failed) this.end({ reason: "client_reset" });
        return null;
      case "reply":
        return this.#sendRest(action.end);
      case "relay":
      case "close":
        return null;
    }
  }

  #read(max: number): TcpFlowEvent | null {
    const { client, context: { libc, buffer } } = this.#connection;
    // Before the first wait no event can have come; there may be bytes all the same, and a try costs less than a wait.
    if (!client.readable && client.isWatched) return null;
    const room = Math.min(max - this.#head.length, buffer.length);
    if (room <= 0) throw new Error(`more than ${max} bytes of a connection wanted`);
    const count = libc.recv(client.fd, buffer, room, 0);
    if (count > 0) {
      client.readable = count === room || client.urgent || client.hungUp || client.failed;
      this.#head.append(buffer.subarray(0, count));
      return { kind: "data", head: this.#head.bytes };
    }
    client.readable = false;
    if (count === -EAGAIN) return null;
    if (count < 0) return RESET;
    client.ended = true;
    return EOF;
  }

  #resolve({ target }: ActionOf<"resolve">): TcpFlowEvent | null {
    const { resolver } = this.#connection.context;
    const known = resolver.peek(target);
    if (known !== null) return { kind: "resolved", addresses: known };
    const action = this.#action;
    resolver.lookUp(target, (resolution) => {
      // The flow may have given up by now.
      if (this.#action === action && !this.#connection.over) this.#onResolution(resolution);
    });
    return null;
  }

  #onResolution(resolution: Resolution): void {
    try {
      this.#answer(
        resolution.kind === "resolved"
          ? { kind: "resolved", addresses: resolution.addresses }
          : { kind: "resolveFailed", error: resolution.error },
      );
    } catch (error) {
      this.onFault(error);
    }
  }

  #connect({ address, from, early: mayBeEarly }: ActionOf<"connect">): TcpFlowEvent | null {
    const { context } = this.#connection;
    this.#dropTarget();
    if (!context.permissions.allows(address)) return this.#failConnect("not_permitted");
    const early = mayBeEarly && this.#snapshot.sockets.tcpFastOpen && this.#head.length > 0;
    const fd = openTcpSocket(context.libc, address, from, this.#snapshot.sockets, early);
    if (fd < 0) return this.#failConnect(errorCodeOf(-fd));
    const target = this.#connection.adoptTarget(fd);
    return (early ? this.#sendEarly(fd) : null) ?? this.#watchTarget(target);
  }

  /**
   * With a target nearby the handshake is often done by now. To send nothing tells, and costs less than a turn of the loop
   * and an event for each of the two sockets: without those, a new connection took some 6 % less CPU time.
   */
  #watchTarget(target: Leg): TcpFlowEvent | null {
    const { libc, buffer } = this.#connection.context;
    const result = libc.send(target.fd, buffer, 0, 0);
    if (result < 0 && result !== -EAGAIN) return this.#failConnect(errorCodeOf(-result));
    target.wantsRoom = result < 0;
    this.#connection.watch(target);
    return target.wantsRoom ? null : CONNECTED;
  }

  /**
   * Fast open (RFC 7413): the first packet takes the head along where the target has given us a cookie; else the socket
   * has no room yet. It is kept all the same, for the next target should this one not answer.
   */
  #sendEarly(fd: number): TcpFlowEvent | null {
    const { bytes } = this.#head;
    const sent = this.#connection.context.libc.send(fd, bytes, bytes.length, 0);
    if (sent > 0) this.#early = sent;
    else if (sent !== -EAGAIN && sent !== -EINPROGRESS) {
      return this.#failConnect(errorCodeOf(-sent));
    }
    return null;
  }

  #connectResult(target: Leg, events: number): TcpFlowEvent | null {
    if (target.failed) {
      const { libc } = this.#connection.context;
      return this.#failConnect(errorCodeOf(libc.socketError(target.fd)));
    }
    return (events & EPOLLOUT) === 0 ? null : CONNECTED;
  }

  #failConnect(error: ErrorCode): TcpFlowEvent {
    this.#dropTarget();
    return { kind: "connectFailed", error };
  }

  #dropTarget(): void {
    this.#early = 0;
    this.#connection.dropTarget();
  }

  #race({ preface, max }: ActionOf<"race">): TcpFlowEvent | null {
    if (preface !== null && !this.#sendPreface(preface)) return TARGET_FIRST;
    return this.#speech(max);
  }

  /** Who has spoken. Where both have, the client's bytes tell whom it wants. */
  #speech(max: number): TcpFlowEvent | null {
    const event = this.#read(max);
    if (event !== null) return event;
    return this.#connectedTarget().readable ? TARGET_FIRST : null;
  }

  /** Tells whether the target took it; the relay meets the same error, and tells of it. */
  #sendPreface(preface: Uint8Array): boolean {
    const { client, context: { libc, tcp } } = this.#connection;
    const target = this.#connectedTarget();
    const sent = libc.send(target.fd, new Uint8Array(preface), preface.length, 0);
    if (sent < 0 && sent !== -EAGAIN) return false;
    if (sent < preface.length) {
      client.backlog = new HeldBytes(tcp.buffers, preface.subarray(Math.max(sent, 0)));
      this.#connection.watchRoom(target);
    }
    return true;
  }

  #reply({ bytes, end }: ActionOf<"reply">): TcpFlowEvent | null {
    this.#unsent = new HeldBytes(this.#connection.context.tcp.buffers, bytes);
    return this.#sendRest(end);
  }

  #sendRest(end: boolean): TcpFlowEvent | null {
    const { client, context: { libc } } = this.#connection;
    while (this.#unsent !== null && this.#unsent.length > 0) {
      const count = this.#unsent.writeTo(libc, client.fd);
      if (count === 0 || count === -EAGAIN) {
        this.#connection.watchRoom(client);
        return null;
      }
      if (count < 0) return RESET;
    }
    this.#unsent?.release();
    this.#unsent = null;
    if (end) this.#hasFinished = libc.shutdown(client.fd, SHUT_WR) === 0;
    return REPLIED;
  }

  #relay({ preface, headOffset, idleMs, filter }: ActionOf<"relay">): void {
    const connection = this.#connection;
    const facts = this.#flow.facts();
    const target = this.#connectedTarget();
    const relay = filter === undefined
      ? new Relay(connection, facts, target, idleMs)
      : new FilteredRelay(connection, facts, target, idleMs, filter);
    connection.entry.started(facts);
    connection.enter(relay);
    connection.entry.countUp(this.#early);
    try {
      relay.start(preface, this.#head.bytes.subarray(headOffset + this.#early));
    } catch (error) {
      relay.onFault(error);
    }
    this.#head.release();
  }

  #close(outcome: FlowOutcome): void {
    if (!this.#hasFinished) return this.end(outcome);
    this.#dropTarget();
    this.#release();
    new Lingering(this.#connection, this.#flow.facts(), outcome, null).start();
  }

  #connectedTarget(): Leg {
    const { target } = this.#connection;
    if (target === null) throw new Error("the flow has no connected target");
    return target;
  }
}
