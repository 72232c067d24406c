/**
 * A listening TCP socket and its accept loop.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import { ACCEPT_PAUSE } from "../../model/limits.ts";
import type { ListenerSpec } from "../../model/snapshot.ts";
import { admitTcp } from "../../pipeline/admission.ts";
import { TcpFlow } from "../../pipeline/tcp_flow.ts";
import { formatHostPort } from "../../proto/ip.ts";
import type { Listener } from "../engine.ts";
import type { EngineContext } from "./engine_context.ts";
import { FlowWait } from "./flow_wait.ts";
import { isIpv4Mapped, socketAddress } from "./net_address.ts";
import { randomSeed } from "../random_seed.ts";
import { closeQuietly, isAcceptTransient, isShortage } from "./sys_errors.ts";
import { TcpConnection } from "./tcp_connection.ts";

/** Accepts connections and hands each to a {@linkcode TcpConnection}. */
export class TcpListener implements Listener {
  readonly spec: ListenerSpec;
  readonly address: SocketAddress;
  readonly #context: EngineContext;
  readonly #socket: Deno.TcpListener;
  readonly #pause: FlowWait;
  #closed = false;
  /** Resolves when the socket is closed and its port free. */
  readonly done: Promise<void>;

  /**
   * @param shared whether another socket of ours has this port on another address
   * @throws {Error} as the system reports it
   */
  constructor(context: EngineContext, spec: ListenerSpec, shared: boolean) {
    this.#context = context;
    this.spec = spec;
    this.#pause = new FlowWait(context.clock);
    this.#socket = bind(spec, shared);
    this.address = socketAddress(this.#socket.addr);
    this.done = this.#accept();
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#pause.cut();
  }

  async #accept(): Promise<void> {
    const { acceptPause, clock } = this.#context;
    while (!this.#closed) {
      try {
        const conn = await this.#socket.accept();
        acceptPause.end(clock.now());
        if (this.#closed) closeQuietly(conn);
        else this.#serve(conn);
      } catch (error) {
        if (this.#closed) return;
        if (isAcceptTransient(error)) continue;
        if (isShortage(error)) acceptPause.begin(error, clock.now());
        else this.#reportFailure(error);
        await this.#pause.until(() => false, clock.now() + ACCEPT_PAUSE);
      }
    }
  }

  #serve(conn: Deno.TcpConn): void {
    const { ledger, events } = this.#context;
    // An IPv6 listener is for IPv6 alone, but Deno cannot bind it so (no IPV6_V6ONLY).
    if (isIpv4Mapped(conn.remoteAddr.hostname)) return closeQuietly(conn);
    ledger.tcpAccepted++;
    try {
      this.#admit(conn);
    } catch (error) {
      closeQuietly(conn);
      const message = `A connection to "${formatHostPort(this.address)}" met a fault of the proxy`;
      events.notice({ event: "flow_fault", message, listener: this.address, error });
    }
  }

  #admit(conn: Deno.TcpConn): void {
    const { ech, ledger, snapshot, tcpLimit } = this.#context;
    const peer = socketAddress(conn.remoteAddr);
    const local = socketAddress(conn.localAddr);
    const refusal = admitTcp(snapshot, peer, ledger.active("tcp"));
    const flow = new TcpFlow({ snapshot, peer, local, seed: randomSeed() }, ech);
    const connection = new TcpConnection(this.#context, flow, conn, this.address);
    if (refusal === null) {
      connection.run();
      return;
    }
    connection.refuse({ reason: refusal });
    if (refusal === "limit") tcpLimit.turnedAway(snapshot.tcpMaxConnections);
  }

  #reportFailure(error: unknown): void {
    const message = `Cannot accept on tcp "${formatHostPort(this.address)}": trying again`;
    this.#context.events.notice({
      event: "listener_failed",
      message,
      listener: this.address,
      error,
    });
  }
}

/**
 * Binds with SO_REUSEPORT, so that an IPv4 socket and the dual-stack socket of `::` can have one port: the system then
 * gives each connection to the socket that fits it best. That another process has the port would go unnoticed with this
 * option, so without a socket of ours there, the port is tried without it first.
 */
function bind(spec: ListenerSpec, shared: boolean): Deno.TcpListener {
  const { host: hostname, port } = spec.address;
  if (!shared && port !== 0) Deno.listen({ hostname, port }).close();
  return Deno.listen({ hostname, port, reusePort: true, tcpBacklog: spec.backlog });
}
