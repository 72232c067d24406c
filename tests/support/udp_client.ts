/**
 * A client of a UDP service on loopback: one socket, so one session of the proxy.
 *
 * @module
 */

/** How long an answer may take, in milliseconds. */
const TIMEOUT = 20_000;

/** Sends datagrams to one port and waits for each answer. */
export class UdpClient implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #port: number;
  #closed = false;

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Sends a text and returns the text that comes back.
   *
   * @throws {Deno.errors.BadResource} when none comes in time
   */
  async ask(text: string): Promise<string> {
    const timer = setTimeout(() => this[Symbol.dispose](), TIMEOUT);
    try {
      const to = { transport: "udp", hostname: "127.0.0.1", port: this.#port } as const;
      await this.#socket.send(new TextEncoder().encode(text), to);
      const [datagram] = await this.#socket.receive();
      return new TextDecoder().decode(datagram);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.#socket.close();
    this.#closed = true;
  }
}
