/**
 * The end of a connection whose client was told why it ends.
 *
 * @module
 */

import type { FlowFacts, FlowOutcome } from "../../../model/flow.ts";
import { LINGER_TIMEOUT, MAX_LINGER_BYTES } from "../../../model/limits.ts";
import { EAGAIN } from "../sys/errno.ts";
import { SHUT_WR } from "../sys/layout.ts";
import type { Backlog } from "./backlog.ts";
import type { Phase, TcpConnection } from "./tcp_connection.ts";

/**
 * Writes what the client is still to get, ends our direction, and throws away what the client sends until it has ended its
 * own: to close a socket that has unread bytes would reset the connection, and take from the client what it was told.
 */
export class Lingering implements Phase {
  readonly #connection: TcpConnection;
  readonly #facts: FlowFacts;
  readonly #outcome: FlowOutcome;
  #rest: Backlog | null;
  #finished = false;
  #left = MAX_LINGER_BYTES;

  /** @param rest what the client is still to get; its owner from now on is this */
  constructor(
    connection: TcpConnection,
    facts: FlowFacts,
    outcome: FlowOutcome,
    rest: Backlog | null,
  ) {
    this.#connection = connection;
    this.#facts = facts;
    this.#outcome = outcome;
    this.#rest = rest;
    connection.enter(this);
  }

  start(): void {
    const { client, context, timer } = this.#connection;
    timer.set(context.clock.now() + LINGER_TIMEOUT);
    if (!client.isWatched) this.#connection.watch(client);
    this.onTurn();
  }

  onReady(): void {
    this.onTurn();
  }

  onTurn(): void {
    if (this.#connection.over || !this.#finish()) return;
    if (this.#connection.client.ended || this.#hasEnded()) this.end();
  }

  onDeadline(): void {
    this.end();
  }

  onFault(error: unknown): void {
    this.#release();
    this.#connection.fault(this.#facts, error);
  }

  /** Ends the connection with the outcome that it has: whoever cuts it changes nothing about that. */
  end(): void {
    this.#release();
    this.#connection.end(this.#facts, this.#outcome);
  }

  /** Tells whether our direction has ended behind all that the client is to get. */
  #finish(): boolean {
    if (this.#finished) return true;
    const { client, context: { libc } } = this.#connection;
    while (this.#rest !== null && this.#rest.length > 0) {
      const count = this.#rest.writeTo(libc, client.fd);
      if (count === 0 || count === -EAGAIN) {
        this.#connection.watchRoom(client);
        return false;
      }
      if (count < 0) {
        this.end();
        return false;
      }
    }
    this.#release();
    // Harmless where it has ended before.
    libc.shutdown(client.fd, SHUT_WR);
    return this.#finished = true;
  }

  /** Reads on. Tells whether the client has ended, or has said more than is listened to. */
  #hasEnded(): boolean {
    const { client, context: { libc, buffer } } = this.#connection;
    while (this.#left > 0) {
      const count = libc.recv(client.fd, buffer, buffer.length, 0);
      if (count === -EAGAIN) return false;
      if (count <= 0) return true;
      this.#left -= count;
    }
    return true;
  }

  #release(): void {
    this.#rest?.release();
    this.#rest = null;
  }
}
