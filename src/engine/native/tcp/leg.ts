/**
 * One of the two sockets of a connection.
 *
 * @module
 */

import type { Pollable } from "../poller.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLPRI, EPOLLRDHUP } from "../sys/layout.ts";
import type { Task } from "../worker_context.ts";
import type { Backlog } from "./backlog.ts";

/** Who is told what a socket is ready for. */
export interface LegOwner {
  onReady(leg: Leg, events: number): void;
  /** The turn of a leg that was put off in favour of other connections. */
  onTurn(leg: Leg): void;
  /** One of the above has thrown. */
  onFault(error: unknown): void;
}

/** All after which a read will tell something. */
const READ_EVENTS = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/**
 * A socket and how far the bytes have come that are read from it. It is watched edge-triggered, so what the system has
 * told once is remembered here.
 */
export class Leg implements Pollable, Task {
  readonly fd: number;
  /** Changes when the connection is decided and its relay takes over; null before and after. */
  owner: LegOwner | null = null;
  /** Whether its events are told, and whether room to write is among them: most sockets never lack it. */
  isWatched = false;
  wantsRoom = false;
  /** Whether a read may bring something: an event has come, and no read since has said that nothing is left. */
  readable = false;
  /** Whether the other side has ended its direction, so that a read that is short is the last one. */
  hungUp = false;
  /** Whether a read may be short without being the last: it stops at an urgent byte (tcp(7)). */
  urgent = false;
  /** Whether the socket has met an error, and which one where that is known, else 0. */
  failed = false;
  errno = 0;
  /** Whether all was read, up to the end. */
  ended = false;
  /** Whether a turn was asked for. */
  queued = false;
  /** Bytes that were read from here and wait for room in the other socket. Nothing more is read meanwhile. */
  backlog: Backlog | null = null;
  /** Whether bytes go through a pipe instead of our memory, and for how many turns the other way would have been better. */
  bulk = false;
  contrary = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  onReady(events: number): void {
    if ((events & READ_EVENTS) !== 0) {
      // Of one that has ended, the first event may come late: it was read from before it was watched.
      this.readable = !this.ended;
      if ((events & EPOLLPRI) !== 0) this.urgent = true;
      // A reset ends both directions as well; only without one is the end of the bytes an end in order.
      if ((events & EPOLLERR) !== 0) this.failed = true;
      else if ((events & EPOLLRDHUP) !== 0) this.hungUp = true;
    }
    const { owner } = this;
    try {
      owner?.onReady(this, events);
    } catch (error) {
      owner?.onFault(error);
    }
  }

  run(): void {
    this.queued = false;
    const { owner } = this;
    try {
      owner?.onTurn(this);
    } catch (error) {
      owner?.onFault(error);
    }
  }
}
