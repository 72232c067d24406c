/**
 * A network of one host, in memory.
 *
 * @module
 */

import type { SocketAddress } from "../../../src/model/address.ts";
import { BytePipe } from "./byte_pipe.ts";

/** The only host there is. */
export const HOST = "127.0.0.1";

/** One end of a TCP connection. */
export class MemorySocket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly incoming: BytePipe;
  readonly outgoing: BytePipe;

  constructor(
    local: SocketAddress,
    remote: SocketAddress,
    incoming: BytePipe,
    outgoing: BytePipe,
  ) {
    this.local = local;
    this.remote = remote;
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  /** Ends in order what was written, and takes nothing any more. */
  close(): void {
    this.outgoing.end();
    this.incoming.break();
  }

  reset(): void {
    this.outgoing.break();
    this.incoming.break();
  }
}

/** A bound UDP socket. */
export interface MemoryUdpSocket extends Disposable {
  readonly address: SocketAddress;
  send(data: Uint8Array, to: SocketAddress): void;
}

type OnDatagram = (data: Uint8Array, from: SocketAddress) => void;

/** Who listens where. */
export class MemoryNetwork {
  readonly #tcp = new Map<number, (socket: MemorySocket) => void>();
  readonly #udp = new Map<number, OnDatagram>();
  #lastPort = 40_000;

  /**
   * Listens on a port, any free one where it is 0. Dispose of the result to stop.
   *
   * @throws {Deno.errors.AddrInUse} when the port is taken
   */
  listenTcp(
    port: number,
    onConnection: (socket: MemorySocket) => void,
  ): Disposable & { readonly address: SocketAddress } {
    const address = this.#bind(this.#tcp, port, onConnection);
    return { address, [Symbol.dispose]: () => this.#tcp.delete(address.port) };
  }

  /** The near end of a new connection; null where it is refused. */
  connectTcp(to: SocketAddress): MemorySocket | null {
    const onConnection = this.#tcp.get(to.port);
    if (onConnection === undefined || to.host !== HOST) return null;
    const from = { host: HOST, port: ++this.#lastPort };
    const [up, down] = [new BytePipe(), new BytePipe()];
    queueMicrotask(() => onConnection(new MemorySocket(to, from, up, down)));
    return new MemorySocket(from, to, down, up);
  }

  /**
   * Binds a UDP port, any free one where it is 0.
   *
   * @throws {Deno.errors.AddrInUse} when the port is taken
   */
  bindUdp(port: number, onDatagram: OnDatagram): MemoryUdpSocket {
    const address = this.#bind(this.#udp, port, onDatagram);
    return {
      address,
      send: (data, to) => {
        const copy = data.slice();
        queueMicrotask(() => this.#udp.get(to.port)?.(copy, address));
      },
      [Symbol.dispose]: () => this.#udp.delete(address.port),
    };
  }

  #bind<T>(ports: Map<number, T>, wanted: number, receiver: T): SocketAddress {
    const port = wanted === 0 ? ++this.#lastPort : wanted;
    if (ports.has(port)) throw new Deno.errors.AddrInUse(`port ${port} is taken`);
    ports.set(port, receiver);
    return { host: HOST, port };
  }
}
