/**
 * The world of the conformance suite without a system: peers, network and time in memory.
 *
 * @module
 */

import type { Engine, EngineOptions } from "../../../src/engine/engine.ts";
import type { SocketAddress } from "../../../src/model/address.ts";
import type { Target } from "../../../src/model/snapshot.ts";
import type {
  ReceivedDatagram,
  TcpBackend,
  TcpPeer,
  UdpPeer,
  World,
} from "../../conformance/world.ts";
import { FakeClock } from "./fake_clock.ts";
import { MemoryEngine } from "./memory_engine.ts";
import { HOST, MemoryNetwork, type MemorySocket, type MemoryUdpSocket } from "./memory_network.ts";

/** A world in which nothing but the test makes time pass. */
export class MemoryWorld implements World {
  readonly listenHost = HOST;
  readonly #clock = new FakeClock();
  readonly #network = new MemoryNetwork();
  readonly #engines: Engine[] = [];

  createEngine(options: EngineOptions): Engine {
    const engine = new MemoryEngine(options, this.#network, this.#clock);
    this.#engines.push(engine);
    return engine;
  }

  startBackend(): Promise<TcpBackend> {
    return Promise.resolve(new MemoryBackend(this.#network, this.#clock));
  }

  connect(to: SocketAddress): Promise<TcpPeer> {
    const socket = this.#network.connectTcp(to);
    return socket === null
      ? Promise.reject(new Deno.errors.ConnectionRefused())
      : Promise.resolve(new MemoryPeer(socket, this.#clock));
  }

  openUdp(): Promise<UdpPeer> {
    return Promise.resolve(new MemoryUdpPeer(this.#network, this.#clock));
  }

  refusingAddress(): Promise<SocketAddress> {
    return Promise.resolve({ host: HOST, port: 1 });
  }

  pass(ms: number): Promise<void> {
    return this.#clock.pass(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) await engine[Symbol.asyncDispose]();
    this.#clock[Symbol.dispose]();
  }
}

/** Things that arrive, and those who wait for them. */
class Arrivals<T> {
  readonly #clock: FakeClock;
  readonly #arrived: T[] = [];
  readonly #waiting: ((thing: T) => void)[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  add(thing: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(thing);
    else waiting(thing);
  }

  next(): Promise<T> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    return this.#clock.wait(new Promise((resolve) => this.#waiting.push(resolve)));
  }
}

class MemoryBackend implements TcpBackend {
  readonly target: Target;
  readonly #listener: Disposable;
  readonly #arrivals: Arrivals<TcpPeer>;

  constructor(network: MemoryNetwork, clock: FakeClock) {
    this.#arrivals = new Arrivals(clock);
    const listener = network.listenTcp(0, (socket) => {
      this.#arrivals.add(new MemoryPeer(socket, clock));
    });
    const { host, port } = listener.address;
    this.#listener = listener;
    this.target = { host, port, isIp: true, label: `${host}:${port}` };
  }

  accept(): Promise<TcpPeer> {
    return this.#arrivals.next();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener[Symbol.dispose]();
    return Promise.resolve();
  }
}

class MemoryPeer implements TcpPeer {
  readonly #socket: MemorySocket;
  readonly #clock: FakeClock;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(socket: MemorySocket, clock: FakeClock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  read(): Promise<Uint8Array | null> {
    return this.#clock.wait(this.#socket.incoming.read());
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#socket.outgoing.write(bytes);
    this.#lastWrite = written.catch(() => {}); // its caller is told
    return this.#clock.wait(written);
  }

  closeWrite(): Promise<void> {
    return this.#clock.wait(this.#lastWrite.then(() => this.#socket.outgoing.end()));
  }

  reset(): void {
    this.#socket.reset();
  }

  close(): void {
    this.#socket.close();
  }
}

class MemoryUdpPeer implements UdpPeer {
  readonly #socket: MemoryUdpSocket;
  readonly #arrivals: Arrivals<ReceivedDatagram>;

  constructor(network: MemoryNetwork, clock: FakeClock) {
    this.#arrivals = new Arrivals(clock);
    this.#socket = network.bindUdp(0, (data, from) => this.#arrivals.add({ data, from }));
  }

  get address(): SocketAddress {
    return this.#socket.address;
  }

  receive(): Promise<ReceivedDatagram> {
    return this.#arrivals.next();
  }

  send(data: Uint8Array, to: SocketAddress): Promise<void> {
    this.#socket.send(data, to);
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
