/**
 * The world of real sockets on loopback.
 *
 * @module
 */

import { once } from "node:events";
import net from "node:net";
import type { Engine, EngineOptions } from "../../src/engine/engine.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import type { Target } from "../../src/model/snapshot.ts";
import {
  PeerReset,
  type ReceivedDatagram,
  type TcpBackend,
  type TcpPeer,
  type UdpPeer,
  type World,
} from "./world.ts";

const HOST = "127.0.0.1";

/** Peers are sockets of `node:net`: they can send a RST, which those of Deno cannot. */
export class LoopbackWorld implements World {
  readonly listenHost = HOST;
  readonly #makeEngine: (options: EngineOptions) => Engine;
  readonly #engines: Engine[] = [];
  readonly #stack = new AsyncDisposableStack();

  constructor(makeEngine: (options: EngineOptions) => Engine) {
    this.#makeEngine = makeEngine;
  }

  createEngine(options: EngineOptions): Engine {
    const engine = this.#makeEngine(options);
    this.#engines.push(engine);
    return engine;
  }

  async startBackend(): Promise<TcpBackend> {
    const backend = await LoopbackBackend.start();
    return this.#stack.use(backend);
  }

  async connect(to: SocketAddress): Promise<TcpPeer> {
    const socket = net.connect({ host: to.host, port: to.port, allowHalfOpen: true });
    const peer = new SocketPeer(socket);
    this.#stack.defer(() => peer.closed());
    await once(socket, "connect");
    return peer;
  }

  openUdp(): Promise<UdpPeer> {
    const peer = new SocketUdpPeer();
    this.#stack.defer(() => peer.close());
    return Promise.resolve(peer);
  }

  refusingAddress(): Promise<SocketAddress> {
    // Nobody listens on the first port, and nobody is given it by chance.
    return Promise.resolve({ host: HOST, port: 1 });
  }

  async pass(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) await engine[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

class LoopbackBackend implements TcpBackend {
  readonly target: Target;
  readonly #server: net.Server;
  readonly #peers: SocketPeer[] = [];
  readonly #arrived: SocketPeer[] = [];
  readonly #waiting: ((peer: SocketPeer) => void)[] = [];

  static async start(): Promise<LoopbackBackend> {
    const server = net.createServer({ allowHalfOpen: true });
    server.listen({ host: HOST, port: 0, backlog: 1024 });
    await once(server, "listening");
    return new LoopbackBackend(server);
  }

  constructor(server: net.Server) {
    this.#server = server;
    const { port } = server.address() as net.AddressInfo;
    this.target = { host: HOST, port, isIp: true, label: `${HOST}:${port}` };
    server.on("connection", (socket) => {
      const peer = new SocketPeer(socket);
      this.#peers.push(peer);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(peer);
      else waiting(peer);
    });
  }

  accept(): Promise<TcpPeer> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const peer of this.#peers) await peer.closed();
  }
}

class SocketPeer implements TcpPeer {
  readonly #socket: net.Socket;
  readonly #closed: Promise<void>;
  #error: Error | null = null;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    const wake = () => this.#wake?.();
    socket.setNoDelay(true);
    socket.on("readable", wake);
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error) => this.#error = error);
    this.#closed = new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
        wake();
      });
    });
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk: Uint8Array | null = this.#socket.read();
      if (chunk !== null) return new Uint8Array(chunk);
      if (this.#ended) return null;
      if (this.#error !== null) throw new PeerReset(this.#error.message);
      if (this.#socket.destroyed) throw new PeerReset("closed");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(new PeerReset(error.message));
        else resolve();
      });
    });
  }

  async closeWrite(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.end(() => resolve()));
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Closes the socket and waits until it is gone. */
  async closed(): Promise<void> {
    this.close();
    await this.#closed;
  }
}

class SocketUdpPeer implements UdpPeer {
  readonly address: SocketAddress;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });

  constructor() {
    const { port } = this.#socket.addr as Deno.NetAddr;
    this.address = { host: HOST, port };
  }

  async receive(): Promise<ReceivedDatagram> {
    const [data, from] = await this.#socket.receive(new Uint8Array(65_535));
    const { hostname: host, port } = from as Deno.NetAddr;
    return { data, from: { host, port } };
  }

  async send(data: Uint8Array, to: SocketAddress): Promise<void> {
    await this.#socket.send(data, { transport: "udp", hostname: to.host, port: to.port });
  }

  close(): void {
    this.#socket.close();
  }
}
