/**
 * Relays a TCP connection as long as a filter sees its bytes.
 *
 * @module
 */

import type { FilterOutput, FlowFacts, FlowOutcome, StreamFilter } from "../../../model/flow.ts";
import { MAX_TURN_BYTES, MAX_TURN_READS } from "../../../model/limits.ts";
import { EAGAIN } from "../sys/errno.ts";
import { EPOLLOUT, SHUT_WR } from "../sys/layout.ts";
import { HeldBytes } from "./backlog.ts";
import type { Leg } from "./leg.ts";
import { Lingering } from "./lingering.ts";
import { Relay } from "./relay.ts";
import type { Phase, TcpConnection } from "./tcp_connection.ts";

/**
 * As {@linkcode Relay}, with a filter on the way of the bytes, and through memory only. When the filter steps out, a Relay
 * goes on with the legs as they are. As there, the backlog of a leg waits for the other one; what a filter answers the
 * sender itself waits in the backlog of the other leg, behind what is there.
 */
export class FilteredRelay implements Phase {
  readonly #connection: TcpConnection;
  readonly #facts: FlowFacts;
  readonly #target: Leg;
  readonly #idleMs: number;
  readonly #filter: StreamFilter;
  /** Legs that have not taken all yet of what they were answered: they are not listened to meanwhile. */
  readonly #answered = new Set<Leg>();
  /** Legs that were told that no more will come. */
  readonly #finished = new Set<Leg>();
  #lastMove: number;
  /** As in {@linkcode Relay}. */
  #uncounted = 0;
  /** Whether the next phase has begun. */
  #isOver = false;

  /** @param idleMs milliseconds in which something must move; 0 = no limit */
  constructor(
    connection: TcpConnection,
    facts: FlowFacts,
    target: Leg,
    idleMs: number,
    filter: StreamFilter,
  ) {
    this.#connection = connection;
    this.#facts = facts;
    this.#target = target;
    this.#idleMs = idleMs;
    this.#filter = filter;
    this.#lastMove = connection.context.clock.now();
  }

  /**
   * Begins. All bytes are copied, sent or taken by the filter within the call.
   *
   * @param preface what the target gets first, past the filter, and is not counted
   * @param head the client's bytes that were read before
   */
  start(preface: Uint8Array | null, head: Uint8Array): void {
    const { client, timer } = this.#connection;
    timer.set(this.#idleMs === 0 ? Infinity : this.#lastMove + this.#idleMs);
    if (!client.isWatched) this.#connection.watch(client);
    this.#uncounted = (client.backlog?.length ?? 0) + (preface?.length ?? 0);
    if (preface !== null) this.#send(this.#target, preface);
    if (head.length > 0) this.#take(client, this.#filter.fromClient(head));
    if (client.ended) this.#onEnd(client);
    this.#goOn(client);
    this.#goOn(this.#target);
  }

  onReady(leg: Leg, events: number): void {
    if ((events & EPOLLOUT) !== 0) this.#goOn(this.#otherOf(leg));
    this.#goOn(leg);
  }

  onTurn(leg: Leg): void {
    this.#goOn(leg);
  }

  onFault(error: unknown): void {
    this.#connection.fault(this.#facts, error);
  }

  onDeadline(): void {
    const idleAt = this.#lastMove + this.#idleMs;
    const { clock } = this.#connection.context;
    if (clock.now() < idleAt) this.#connection.timer.set(idleAt);
    else this.end({ reason: "idle" });
  }

  /** Ends both directions at once; what is still to be written is abandoned. */
  end(outcome: FlowOutcome): void {
    this.#connection.end(this.#facts, outcome);
  }

  get #isDone(): boolean {
    return this.#isOver || this.#connection.over;
  }

  /** Moves what comes from a leg: all that is there, or as much as one turn allows. */
  #goOn(from: Leg): void {
    if (from.queued || this.#isDone) return;
    if (this.#flush(from)) {
      let moved = 0;
      for (let reads = 0; this.#mayRead(from); reads++) {
        if (moved >= MAX_TURN_BYTES || reads === MAX_TURN_READS) {
          this.#putOff(from);
          break;
        }
        moved += this.#read(from);
      }
    }
    if (from.failed && !from.queued && !this.#isDone) {
      this.#connection.endByReset(this.#facts, from);
    }
  }

  #mayRead(from: Leg): boolean {
    const isHeldUp = from.backlog !== null || this.#answered.has(from);
    return from.readable && !from.ended && !isHeldUp && !this.#isDone;
  }

  #putOff(leg: Leg): void {
    if (leg.queued) return;
    leg.queued = true;
    this.#connection.context.ready.later(leg);
  }

  /** One read. Returns how many bytes it brought. */
  #read(from: Leg): number {
    const { client, context: { libc, buffer } } = this.#connection;
    const count = libc.recv(from.fd, buffer, buffer.length, 0);
    if (count > 0) {
      from.readable = count === buffer.length || from.urgent || from.hungUp || from.failed;
      const bytes = buffer.subarray(0, count);
      const isClient = from === client;
      this.#take(from, isClient ? this.#filter.fromClient(bytes) : this.#filter.fromTarget(bytes));
      return count;
    }
    from.readable = false;
    from.urgent = false;
    if (count === 0 && !from.failed) {
      from.ended = true;
      this.#onEnd(from);
    } else if (count < 0 && count !== -EAGAIN) {
      from.failed = true;
      from.errno = -count;
    }
    return 0;
  }

  #onEnd(from: Leg): void {
    if (this.#isDone) return;
    const isClient = from === this.#connection.client;
    this.#take(from, isClient ? this.#filter.clientEnded() : this.#filter.targetEnded());
  }

  /** Does what the filter says to what came from a leg, or to its end. */
  #take(from: Leg, { toClient, toTarget, next }: FilterOutput): void {
    const { client } = this.#connection;
    if (toTarget !== null) this.#send(this.#target, toTarget, from);
    if (toClient !== null) this.#send(client, toClient, from);
    if (this.#connection.over) return;
    if (typeof next === "object") return this.#finish(next);
    if (from.ended && from.backlog === null) this.#passEnd(from);
    if (next === "raw" && !this.#connection.over) this.#stepOut();
  }

  /** @param from the leg whose bytes it was made of */
  #send(to: Leg, bytes: Uint8Array, from: Leg | null = null): void {
    if (bytes.length === 0 || this.#finished.has(to) || this.#connection.over) return;
    const waiting = this.#otherOf(to);
    let sent = 0;
    if (waiting.backlog === null) {
      sent = this.#connection.context.libc.send(to.fd, unshared(bytes), bytes.length, 0);
      if (sent < 0 && sent !== -EAGAIN) return this.#onWriteError(to, -sent);
      sent = Math.max(sent, 0);
      this.#count(to, sent);
      if (sent === bytes.length) return;
    }
    this.#hold(waiting, bytes.subarray(sent));
    if (from === to) this.#answered.add(to);
    this.#connection.watchRoom(to);
  }

  /** Puts bytes behind those that wait already. */
  #hold(leg: Leg, bytes: Uint8Array): void {
    const { buffers } = this.#connection.context.tcp;
    const { backlog } = leg;
    if (!(backlog instanceof HeldBytes)) {
      leg.backlog = new HeldBytes(buffers, bytes);
      return;
    }
    const all = new Uint8Array(backlog.length + bytes.length);
    all.set(backlog.bytes);
    all.set(bytes, backlog.length);
    backlog.release();
    leg.backlog = new HeldBytes(buffers, all);
  }

  /** Writes what waits. Tells whether nothing waits any more. */
  #flush(from: Leg): boolean {
    const { backlog } = from;
    if (backlog === null) return true;
    const to = this.#otherOf(from);
    while (backlog.length > 0) {
      const count = backlog.writeTo(this.#connection.context.libc, to.fd);
      if (count === 0 || count === -EAGAIN) {
        this.#connection.watchRoom(to);
        return false;
      }
      if (count < 0) {
        this.#onWriteError(to, -count);
        return false;
      }
      this.#count(to, count);
    }
    backlog.release();
    from.backlog = null;
    this.#answered.delete(to);
    if (from.ended) this.#passEnd(from);
    return !this.#connection.over;
  }

  #passEnd(from: Leg): void {
    const to = this.#otherOf(from);
    if (to.ended && to.backlog === null) return this.end({ reason: "done" });
    this.#finished.add(to);
    const result = this.#connection.context.libc.shutdown(to.fd, SHUT_WR);
    if (result < 0) this.#onWriteError(to, -result);
  }

  /**
   * What a side sent before it was reset is passed on before that is: in a turn of its own, as the filter's answer to what
   * could not be written is not dealt with yet.
   */
  #onWriteError(leg: Leg, errno: number): void {
    leg.errno = errno;
    if (leg.failed) return this.#connection.endByReset(this.#facts, leg);
    leg.failed = true;
    leg.readable = !leg.ended;
    this.#putOff(leg);
  }

  #stepOut(): void {
    this.#isOver = true;
    const relay = new Relay(this.#connection, this.#facts, this.#target, this.#idleMs);
    this.#connection.enter(relay);
    relay.resume(this.#uncounted);
  }

  #finish(outcome: FlowOutcome): void {
    this.#isOver = true;
    const forClient = this.#target.backlog;
    this.#target.backlog = null;
    this.#connection.dropTarget();
    new Lingering(this.#connection, this.#facts, outcome, forClient).start();
  }

  #count(to: Leg, count: number): void {
    const { client, entry, context } = this.#connection;
    this.#lastMove = context.clock.now();
    if (to === client) return entry.countDown(count);
    const counted = Math.max(count - this.#uncounted, 0);
    this.#uncounted -= count - counted;
    entry.countUp(counted);
  }

  #otherOf(leg: Leg): Leg {
    return leg === this.#target ? this.#connection.client : this.#target;
  }
}

/** System calls take no memory that threads share; a filter that has some is given a copy. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? bytes as Uint8Array<ArrayBuffer>
    : new Uint8Array(bytes);
}
