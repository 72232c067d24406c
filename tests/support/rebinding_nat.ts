/**
 * A NAT between one UDP client and a server that forgets its mapping when a test says so.
 *
 * @module
 */

/** Listens on loopback, and passes on to a port of loopback. */
export class RebindingNat implements AsyncDisposable {
  /** Where the client sends to. */
  readonly port: number;
  readonly #inner: Deno.DatagramConn;
  readonly #target: Deno.NetAddr;
  readonly #passing: Promise<void>[] = [];
  #outer: Deno.DatagramConn;
  #client: Deno.Addr | null = null;

  constructor(targetPort: number) {
    this.#inner = openSocket();
    this.#outer = openSocket();
    this.port = portOf(this.#inner);
    this.#target = { transport: "udp", hostname: "127.0.0.1", port: targetPort };
    this.#passing.push(this.#passUp(), this.#passDown(this.#outer));
  }

  /** The port that the server sees. */
  get mappedPort(): number {
    return portOf(this.#outer);
  }

  /** From now on the client has another port, and what comes to the old one is lost. */
  rebind(): void {
    this.#outer.close();
    this.#outer = openSocket();
    this.#passing.push(this.#passDown(this.#outer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inner.close();
    this.#outer.close();
    await Promise.all(this.#passing);
  }

  async #passUp(): Promise<void> {
    for await (const [datagram, from] of this.#inner) {
      this.#client = from;
      await this.#outer.send(datagram, this.#target).catch(ignore);
    }
  }

  async #passDown(outer: Deno.DatagramConn): Promise<void> {
    for await (const [datagram] of outer) {
      if (this.#client !== null) await this.#inner.send(datagram, this.#client).catch(ignore);
    }
  }
}

function openSocket(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
}

function portOf({ addr }: Deno.DatagramConn): number {
  return (addr as Deno.NetAddr).port;
}

/** Datagrams may get lost. */
function ignore(): void {}
