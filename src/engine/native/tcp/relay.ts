/**
 * Moves the bytes of a TCP connection both ways until both sides have ended.
 *
 * @module
 */

import type { FlowFacts, FlowOutcome } from "../../../model/flow.ts";
import {
  BULK_TURN,
  BULK_TURNS,
  MAX_TURN_BYTES,
  MAX_TURN_READS,
  SMALL_TURN,
} from "../../../model/limits.ts";
import { EAGAIN } from "../sys/errno.ts";
import { EPOLLOUT, MSG_MORE, SHUT_WR } from "../sys/layout.ts";
import { HeldBytes } from "./backlog.ts";
import type { Leg } from "./leg.ts";
import type { Phase, TcpConnection } from "./tcp_connection.ts";

/**
 * A connection that is being relayed. Bytes are read into the worker's one buffer and sent at once, or go through a pipe
 * where there are many; what the other socket does not take is the backlog of the leg that they came from, and nothing
 * more is read from it before that is gone.
 */
export class Relay implements Phase {
  readonly #connection: TcpConnection;
  readonly #facts: FlowFacts;
  readonly #target: Leg;
  readonly #idleMs: number;
  #lastMove: number;
  /** Bytes at the front of what the target is to get that are not the client's. */
  #uncounted = 0;

  /** @param idleMs milliseconds in which something must move; 0 = no limit */
  constructor(connection: TcpConnection, facts: FlowFacts, target: Leg, idleMs: number) {
    this.#connection = connection;
    this.#facts = facts;
    this.#target = target;
    this.#idleMs = idleMs;
    this.#lastMove = connection.context.clock.now();
  }

  /**
   * Begins. All bytes are copied or sent within the call.
   *
   * @param preface what the target gets first, and is not counted
   * @param head the client's bytes that were read before
   */
  start(preface: Uint8Array | null, head: Uint8Array): void {
    const { client, timer } = this.#connection;
    timer.set(this.#idleMs === 0 ? Infinity : this.#lastMove + this.#idleMs);
    if (!client.isWatched) this.#connection.watch(client);
    this.#sendFirst(preface, head);
    if (client.ended && client.backlog === null) this.#passEnd(client);
    this.#goOn(client);
    this.#goOn(this.#target);
  }

  /**
   * Begins where a filter has stepped out: what waits for a leg, and that one has ended, is in the legs.
   *
   * @param uncounted how many bytes of what waits for the target are not the client's
   */
  resume(uncounted: number): void {
    const { client, timer } = this.#connection;
    timer.set(this.#idleMs === 0 ? Infinity : this.#lastMove + this.#idleMs);
    this.#uncounted = uncounted;
    this.#goOn(client);
    this.#goOn(this.#target);
  }

  onReady(leg: Leg, events: number): void {
    if ((events & EPOLLOUT) !== 0) {
      const other = this.#otherOf(leg);
      if (other.backlog !== null) this.#goOn(other);
    }
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

  /** Moves what comes from a leg: all that is there, or as much as one turn allows. */
  #goOn(from: Leg): void {
    if (from.queued || this.#connection.over) return;
    if (from.backlog === null || this.#flush(from)) {
      let moved = 0;
      for (let reads = 0; hasMore(from); reads++) {
        if (moved >= MAX_TURN_BYTES || reads === MAX_TURN_READS) {
          from.queued = true;
          this.#connection.context.ready.later(from);
          break;
        }
        moved += from.bulk ? this.#splice(from) : this.#copy(from);
      }
      if (moved > 0) chooseWay(from, moved);
    }
    if (from.failed && !from.queued) this.#connection.endByReset(this.#facts, from);
  }

  /** One read and one write through the worker's buffer. Returns how many bytes were read. */
  #copy(from: Leg): number {
    const { libc, buffer } = this.#connection.context;
    const count = libc.recv(from.fd, buffer, buffer.length, 0);
    if (count <= 0) return this.#onNothing(from, count);
    // A read that is short has emptied the socket: there will be an event for whatever comes later.
    const emptied = count < buffer.length && !from.urgent;
    if (emptied) {
      from.readable = false;
      from.ended = from.hungUp;
    }
    const to = this.#otherOf(from);
    const sent = libc.send(to.fd, buffer, count, from.ended ? MSG_MORE : 0);
    if (sent === count) {
      this.#count(from, count);
      if (from.ended) this.#passEnd(from);
    } else if (sent >= 0 || sent === -EAGAIN) {
      this.#hold(from, Math.max(sent, 0), count);
    } else {
      this.#onWriteError(to, -sent);
    }
    return count;
  }

  /** One read into a pipe, and as many writes as the other socket takes. Returns how many bytes were read. */
  #splice(from: Leg): number {
    const pipe = this.#connection.context.tcp.pipes.take();
    if (pipe === null) {
      from.bulk = false;
      return 0;
    }
    const count = pipe.readFrom(from.fd);
    if (count <= 0) {
      pipe.release();
      return this.#onNothing(from, count);
    }
    from.backlog = pipe;
    this.#flush(from);
    return count;
  }

  /** What a read means that brought no bytes. */
  #onNothing(from: Leg, result: number): 0 {
    from.readable = false;
    from.urgent = false;
    if (result === -EAGAIN) return 0;
    if (result < 0) {
      from.failed = true;
      from.errno = -result;
    } else if (!from.failed) {
      from.ended = true;
      this.#passEnd(from);
    }
    return 0;
  }

  /** Writes what waits. Tells whether nothing waits any more, and more may be read. */
  #flush(from: Leg): boolean {
    const { backlog } = from;
    const to = this.#otherOf(from);
    while (backlog !== null && backlog.length > 0) {
      const count = backlog.writeTo(this.#connection.context.libc, to.fd);
      if (count === 0 || count === -EAGAIN) {
        this.#connection.watchRoom(to);
        return false;
      }
      if (count < 0) {
        this.#onWriteError(to, -count);
        return false;
      }
      this.#count(from, count);
    }
    backlog?.release();
    from.backlog = null;
    if (from.ended) this.#passEnd(from);
    return !this.#connection.over;
  }

  /** Keeps the part of the worker's buffer that a write has left. */
  #hold(from: Leg, sent: number, end: number): void {
    const { buffer, tcp } = this.#connection.context;
    this.#count(from, sent);
    from.backlog = new HeldBytes(tcp.buffers, buffer.subarray(sent, end));
    this.#connection.watchRoom(this.#otherOf(from));
  }

  /** All that is to come before what the relay itself reads, in one piece where that is possible. */
  #sendFirst(preface: Uint8Array | null, head: Uint8Array): void {
    const { client, context: { buffer, libc } } = this.#connection;
    let length = 0;
    // Only the rest of a preface can wait here, which was sent while the target was free to speak first.
    if (client.backlog instanceof HeldBytes) {
      buffer.set(client.backlog.bytes);
      length = client.backlog.length;
      client.backlog.release();
      client.backlog = null;
    }
    if (preface !== null) {
      buffer.set(preface, length);
      length += preface.length;
    }
    this.#uncounted = length;
    if (head.length > 0) buffer.set(head, length);
    length += head.length;
    if (length === 0) return;

    const sent = libc.send(this.#target.fd, buffer, length, client.ended ? MSG_MORE : 0);
    if (sent === length) this.#count(client, length);
    else if (sent >= 0 || sent === -EAGAIN) this.#hold(client, Math.max(sent, 0), length);
    else this.#onWriteError(this.#target, -sent);
  }

  /** Tells the other side that no more will come; the second time, both are done. */
  #passEnd(from: Leg): void {
    if (this.#connection.over) return;
    const to = this.#otherOf(from);
    if (to.ended && to.backlog === null) return this.end({ reason: "done" });
    const result = this.#connection.context.libc.shutdown(to.fd, SHUT_WR);
    if (result < 0) this.#onWriteError(to, -result);
  }

  /** What a side sent before it was reset is passed on before that is. */
  #onWriteError(leg: Leg, errno: number): void {
    leg.errno = errno;
    if (leg.failed) return this.#connection.endByReset(this.#facts, leg);
    leg.failed = true;
    leg.readable = !leg.ended;
    this.#goOn(leg);
  }

  #count(from: Leg, count: number): void {
    const { client, entry, context } = this.#connection;
    this.#lastMove = context.clock.now();
    if (from !== client) return entry.countDown(count);
    if (this.#uncounted === 0) return entry.countUp(count);
    const counted = Math.max(count - this.#uncounted, 0);
    this.#uncounted -= count - counted;
    entry.countUp(counted);
  }

  #otherOf(leg: Leg): Leg {
    return leg === this.#target ? this.#connection.client : this.#target;
  }
}

/** Whether there may be bytes to read, and room for them. */
function hasMore(from: Leg): boolean {
  return from.readable && !from.ended && from.backlog === null;
}

/**
 * Chooses the way of the bytes that come next. A pipe saves copying, the worker's buffer a system call for each message:
 * a few turns in a row must speak for the other way.
 */
function chooseWay(leg: Leg, moved: number): void {
  const contrary = leg.bulk ? moved < SMALL_TURN : moved >= BULK_TURN;
  leg.contrary = contrary ? leg.contrary + 1 : 0;
  if (leg.contrary < BULK_TURNS) return;
  leg.bulk = !leg.bulk;
  leg.contrary = 0;
}
