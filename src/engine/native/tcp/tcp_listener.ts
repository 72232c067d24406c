/**
 * A listening TCP socket and what it accepts.
 *
 * @module
 */

import type { SocketAddress } from "../../../model/address.ts";
import type { FlowFacts } from "../../../model/flow.ts";
import { ACCEPT_PAUSE, MAX_TURN_ACCEPTS } from "../../../model/limits.ts";
import { admitTcp } from "../../../pipeline/admission.ts";
import { TcpFlow } from "../../../pipeline/tcp_flow.ts";
import { formatHostPort } from "../../../proto/ip.ts";
import { randomSeed } from "../../random_seed.ts";
import { Timer } from "../../timer_wheel.ts";
import type { Pollable } from "../poller.ts";
import { EAGAIN, isAcceptTransient, isShortage, systemError } from "../sys/errno.ts";
import { EPOLLET, EPOLLIN } from "../sys/layout.ts";
import { SockaddrBuffer } from "../sys/socket_address.ts";
import type {
  Task,
  WorkerContext,
  WorkerSocketOptions,
  WorkerTcpListener,
} from "../worker_context.ts";
import { Decision } from "./decision.ts";
import { TcpConnection } from "./tcp_connection.ts";

/** A peer whose address the system does not tell. */
const UNKNOWN: SocketAddress = { host: "0.0.0.0", port: 0 };

/** Accepts connections and has each decided. */
export class TcpListener implements WorkerTcpListener, Pollable, Task {
  readonly #context: WorkerContext;
  readonly #fd: number;
  readonly #address: SocketAddress;
  /** The most connections that the system queues: a queue is full when it has more than the backlog. */
  readonly #mostQueued: number;
  /** Whether connections may come to addresses that the listener's does not tell. */
  readonly #wildcard: boolean;
  readonly #sockaddr = new SockaddrBuffer();
  readonly #pause = new Timer(() => this.#endPause());
  #queued = false;
  #open = true;
  /** Whether a pause has not ended the shortage: who is queued is turned away, until nobody is. */
  #turningAway = false;

  constructor({ context, fd, spec, address }: WorkerSocketOptions) {
    this.#context = context;
    this.#fd = fd;
    this.#address = address;
    this.#mostQueued = spec.backlog + 1;
    this.#wildcard = address.host === "0.0.0.0" || address.host === "::";
    const result = context.poller.add(fd, EPOLLIN | EPOLLET, this);
    if (result < 0) throw systemError(-result, "epoll_ctl");
  }

  onReady(): void {
    this.#acceptSome();
  }

  run(): void {
    this.#queued = false;
    this.#acceptSome();
  }

  close(): void {
    if (!this.#open) return;
    // Who comes while this goes on comes too late: the others want their turn.
    for (let left = this.#mostQueued; left > 0 && this.#accept();) left--;
    this.release();
    this.#context.descriptors.release(this.#fd);
    this.#context.libc.close(this.#fd);
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#context.clock.disarm(this.#pause);
    this.#context.poller.remove(this.#fd);
  }

  /** Accepts what is queued, but no more than one turn's share: the rest follows in the next. */
  #acceptSome(): void {
    if (this.#queued || !this.#open || this.#pause.slot !== null) return;
    for (let count = 0; count < MAX_TURN_ACCEPTS; count++) {
      if (!this.#accept()) return;
    }
    this.#queued = true;
    this.#context.ready.later(this);
  }

  /** Accepts one connection. Tells whether there may be more. */
  #accept(): boolean {
    const { acceptPause, clock, ledger, libc } = this.#context;
    const fd = libc.accept4(this.#fd, this.#sockaddr);
    if (fd < 0) return this.#onAcceptError(-fd);
    acceptPause.end(clock.now());
    ledger.tcpAccepted++;
    this.#serve(fd);
    return true;
  }

  #serve(fd: number): void {
    const context = this.#context;
    const { snapshot } = context;
    const peer = this.#sockaddr.toSocketAddress() ?? UNKNOWN;
    const local = this.#wildcard ? this.#localAddress(fd) : this.#address;
    // Counted before it is let in, so that no two workers give away the last place.
    const others = context.flows.enter("tcp") - 1;
    const connection = new TcpConnection(context, fd, this.#address);
    try {
      const refusal = admitTcp(snapshot, peer, others);
      if (refusal === null) {
        const flow = new TcpFlow({ snapshot, peer, local, seed: randomSeed() }, context.ech);
        return new Decision(connection, flow, snapshot).start();
      }
      connection.end(undecided(peer, local), { reason: refusal });
      if (refusal === "limit") context.tcpLimit.turnedAway(snapshot.tcpMaxConnections);
    } catch (error) {
      connection.fault(undecided(peer, local), error);
    }
  }

  #localAddress(fd: number): SocketAddress {
    const result = this.#context.libc.getsockname(fd, this.#sockaddr);
    return (result < 0 ? null : this.#sockaddr.toSocketAddress()) ?? this.#address;
  }

  #onAcceptError(errno: number): boolean {
    if (errno === EAGAIN) return this.#turningAway = false;
    if (isAcceptTransient(errno)) return true;
    const { acceptPause, clock } = this.#context;
    if (isShortage(errno)) {
      acceptPause.begin(systemError(errno, "accept4"), clock.now());
      if (this.#turningAway && this.#turnAway()) return true;
    } else {
      this.#reportFailure(systemError(errno, "accept4"));
    }
    clock.arm(this.#pause, clock.now() + ACCEPT_PAUSE);
    return false;
  }

  #endPause(): void {
    this.#turningAway = true;
    this.#acceptSome();
  }

  /** Accepts one connection with the descriptor that was kept back, and closes it. Tells whether that went well. */
  #turnAway(): boolean {
    const { ledger, libc, tcp: { reserve } } = this.#context;
    if (!reserve.giveUp()) {
      reserve.restore();
      return false;
    }
    const fd = libc.accept4(this.#fd, this.#sockaddr);
    if (fd >= 0) {
      ledger.tcpAccepted++;
      libc.close(fd);
    }
    return reserve.restore() && fd >= 0;
  }

  #reportFailure(error: Error): void {
    const listener = this.#address;
    const message = `Cannot accept on tcp "${formatHostPort(listener)}": trying again`;
    this.#context.events.notice({ event: "listener_failed", message, listener, error });
  }
}

/** What is known of a connection before anything was decided. */
function undecided(source: SocketAddress, destination: SocketAddress): FlowFacts {
  return { source, destination, service: null, detected: null, target: null, address: null };
}
