/**
 * One TCP connection from its acceptance to its end.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import type { FlowFacts, FlowOutcome } from "../../../model/flow.ts";
import type { Cuttable, FlowEntry } from "../../flow_ledger.ts";
import { errorCodeOf, systemError } from "../sys/errno.ts";
import { EPOLLET, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from "../sys/layout.ts";
import type { WorkerContext } from "../worker_context.ts";
import { type Deadlined, LazyTimer } from "./lazy_timer.ts";
import { Leg, type LegOwner } from "./leg.ts";

/** What is being done for a connection: it is decided, or relayed, or it lingers. */
export interface Phase extends LegOwner, Deadlined {
  /** Ends the connection at once. */
  end(outcome: FlowOutcome): void;
}

/** All that there is to know of a socket but for the room in it, which few lack: each thing is told once. */
const WATCHED = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

/** An accepted connection. It lives as long as its entry in the books, so it holds little. */
export class TcpConnection implements Cuttable, Deadlined {
  readonly context: WorkerContext;
  readonly entry: FlowEntry;
  readonly client: Leg;
  readonly timer: LazyTimer;
  #phase: Phase | null = null;
  #target: Leg | null = null;
  #over = false;

  /** Opens an entry in the books. The flow must be counted by the caller; {@linkcode TcpConnection.end} undoes both. */
  constructor(context: WorkerContext, fd: number, listener: SocketAddress) {
    this.context = context;
    context.descriptors.claim(fd, context.owner);
    this.client = new Leg(fd);
    this.timer = new LazyTimer(context.clock, this);
    this.entry = context.ledger.open("tcp", listener, this);
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Hands the connection over to its next phase. */
  enter(phase: Phase): void {
    this.#phase = this.client.owner = phase;
    if (this.#target !== null) this.#target.owner = phase;
  }

  /** Makes a socket the target's, which is yet to be watched. */
  adoptTarget(fd: number): Leg {
    this.context.descriptors.claim(fd, this.context.owner);
    this.#target = new Leg(fd);
    this.#target.owner = this.client.owner;
    return this.#target;
  }

  get target(): Leg | null {
    return this.#target;
  }

  /** Closes the connection to the target, and forgets what of a PROXY header it did not take. */
  dropTarget(): void {
    this.client.backlog?.release();
    this.client.backlog = null;
    if (this.#target !== null) this.#close(this.#target, false);
    this.#target = null;
  }

  /**
   * Has the events of a leg told to its owner, those included that lie in the past.
   *
   * @throws {Error} where the system watches no more sockets
   */
  watch(leg: Leg): void {
    const events = leg.wantsRoom ? WATCHED | EPOLLOUT : WATCHED;
    const result = leg.isWatched
      ? this.context.poller.modify(leg.fd, events)
      : this.context.poller.add(leg.fd, events, leg);
    if (result < 0) throw systemError(-result, "epoll_ctl");
    leg.isWatched = true;
  }

  /** Has it told as well when there is room in a leg: where there is some by now, that is told at once. */
  watchRoom(leg: Leg): void {
    if (leg.wantsRoom) return;
    leg.wantsRoom = true;
    this.watch(leg);
  }

  cut(): void {
    this.#phase?.end({ reason: "drained" });
  }

  onDeadline(): void {
    try {
      this.#phase?.onDeadline();
    } catch (error) {
      this.#phase?.onFault(error);
    }
  }

  /** A fault of the proxy: ends this connection, and no other. */
  fault(facts: FlowFacts, error: unknown): void {
    const { host } = facts.source;
    const message = `A connection from "${host}" met a fault of the proxy and was closed`;
    this.context.events.notice({ event: "flow_fault", message, error });
    this.end(facts, { reason: "error" });
  }

  /**
   * Ends the connection: closes its entry, then its sockets, as whoever sees them end must find the books in order.
   *
   * @param reset the leg that is to be closed abruptly, because the other one was
   */
  end(facts: FlowFacts, outcome: FlowOutcome, reset: Leg | null = null): void {
    if (this.#over) return;
    this.#over = true;
    this.#phase = null;
    this.timer.cancel();
    this.context.flows.leave("tcp");
    this.entry.close(facts, outcome);
    this.#close(this.client, this.client === reset);
    if (this.#target !== null) this.#close(this.#target, this.#target === reset);
  }

  /** Ends the connection because one side was reset, and the other side as abruptly. */
  endByReset(facts: FlowFacts, leg: Leg): void {
    if (this.#over) return;
    const errno = leg.errno || this.context.libc.socketError(leg.fd);
    const reason = leg === this.client ? "client_reset" : "target_reset";
    const error = errno > 0 ? errorCodeOf(errno) : "connection_reset";
    const outcome = error === "connection_reset" ? { reason } as const : { reason, error } as const;
    this.end(facts, outcome, leg === this.client ? this.#target : this.client);
  }

  #close(leg: Leg, abruptly: boolean): void {
    const { descriptors, libc, poller } = this.context;
    leg.backlog?.release();
    leg.backlog = null;
    leg.readable = false;
    poller.forget(leg.fd);
    descriptors.release(leg.fd);
    if (abruptly) libc.closeWithReset(leg.fd);
    else libc.close(leg.fd);
  }
}
