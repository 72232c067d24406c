/**
 * A wire between a client and the proxy that a test listens in on: one port of loopback, for TCP and UDP.
 *
 * @module
 */

import { freePort } from "./free_port.ts";

/** What becomes of a datagram: `hold` lets the next one of its direction overtake it. */
export type DatagramFate = "pass" | "drop" | "hold";

/** A datagram on its way. */
export interface TappedDatagram {
  readonly from: "client" | "server";
  /** Counted for each client and direction, from 0. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** What was seen of one connection, or of the datagrams of one client port. */
export interface TappedFlow {
  readonly transport: "tcp" | "udp";
  /** In the order of their coming; of TCP, what each read gave. */
  readonly fromClient: readonly Uint8Array[];
  readonly fromServer: readonly Uint8Array[];
}

/** What the wire does to what passes. */
export interface WireOptions {
  readonly fate?: (datagram: TappedDatagram) => DatagramFate;
  /** Connections are taken, and nothing becomes of them: a client that has the choice is left with UDP. */
  readonly isTcpSilent?: boolean;
}

/** The wire. What passes while it is disposed of is lost. */
export class WireTap implements AsyncDisposable {
  /** Where clients connect and send to, at 127.0.0.1. */
  readonly port: number;
  /** All that was seen, in the order in which it began. */
  readonly flows: TappedFlow[] = [];
  readonly #targetPort: number;
  readonly #fate: (datagram: TappedDatagram) => DatagramFate;
  readonly #isTcpSilent: boolean;
  readonly #listener: Deno.TcpListener;
  readonly #socket: Deno.DatagramConn;
  readonly #open = new Set<{ close(): void }>();
  readonly #running: Promise<void>[] = [];

  constructor(targetPort: number, { fate = () => "pass", isTcpSilent = false }: WireOptions = {}) {
    this.port = freePort();
    this.#targetPort = targetPort;
    this.#fate = fate;
    this.#isTcpSilent = isTcpSilent;
    const address = { hostname: "127.0.0.1", port: this.port };
    this.#listener = Deno.listen(address);
    this.#socket = Deno.listenDatagram({ transport: "udp", ...address });
    this.#running.push(this.#accept(), this.#passUp());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#socket.close();
    for (const resource of this.#open) resource.close();
    // Flows that end add no others: nothing is accepted any more.
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#running.push(this.#relay(client));
  }

  async #relay(client: Deno.TcpConn): Promise<void> {
    const flow = this.#begin("tcp");
    const conns = [client];
    this.#open.add(client);
    if (this.#isTcpSilent) return;
    try {
      const target = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      conns.push(target);
      this.#open.add(target);
      await Promise.all([
        copy(client, target, flow.fromClient),
        copy(target, client, flow.fromServer),
      ]);
    } catch {
      // The client sees that nobody is there.
    } finally {
      for (const conn of conns) if (this.#open.delete(conn)) tryClose(conn);
    }
  }

  async #passUp(): Promise<void> {
    const ways = new Map<number, { flow: OpenFlow; up: Way }>();
    for await (const [bytes, from] of this.#socket) {
      const { port } = from as Deno.NetAddr;
      let way = ways.get(port);
      if (way === undefined) {
        const flow = this.#begin("udp");
        const outer = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
        this.#open.add(outer);
        const target = { ...from, port: this.#targetPort } as Deno.NetAddr;
        way = { flow, up: new Way((datagram) => outer.send(datagram, target)) };
        ways.set(port, way);
        this.#running.push(this.#passDown(outer, from, flow));
      }
      await this.#pass("client", bytes, way.flow.fromClient, way.up);
    }
  }

  async #passDown(outer: Deno.DatagramConn, client: Deno.Addr, flow: OpenFlow): Promise<void> {
    const down = new Way((datagram) => this.#socket.send(datagram, client));
    for await (const [bytes] of outer) await this.#pass("server", bytes, flow.fromServer, down);
  }

  #pass(from: "client" | "server", bytes: Uint8Array, seen: Uint8Array[], way: Way): Promise<void> {
    const index = seen.push(bytes) - 1;
    return way.pass(bytes, this.#fate({ from, index, bytes }));
  }

  #begin(transport: "tcp" | "udp"): OpenFlow {
    const flow: OpenFlow = { transport, fromClient: [], fromServer: [] };
    this.flows.push(flow);
    return flow;
  }
}

interface OpenFlow extends TappedFlow {
  readonly fromClient: Uint8Array[];
  readonly fromServer: Uint8Array[];
}

/** One direction of a client's datagrams. */
class Way {
  readonly #send: (datagram: Uint8Array) => Promise<number>;
  #held: Uint8Array | null = null;

  constructor(send: (datagram: Uint8Array) => Promise<number>) {
    this.#send = send;
  }

  async pass(datagram: Uint8Array, fate: DatagramFate): Promise<void> {
    if (fate === "drop") return;
    const late = this.#held;
    this.#held = null;
    if (fate === "hold" && late === null) {
      this.#held = datagram;
      return;
    }
    // Datagrams may get lost, also because nobody listens.
    await this.#send(datagram).catch(() => 0);
    if (late !== null) await this.#send(late).catch(() => 0);
  }
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn, seen: Uint8Array[]): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      const bytes = buffer.slice(0, count);
      seen.push(bytes);
      for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent));
    }
    await to.closeWrite();
  } catch {
    // One side has gone; so that the other one learns of it:
    tryClose(to);
  }
}

function tryClose(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It is closed already.
  }
}
