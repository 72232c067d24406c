/**
 * A TCP server on loopback that sends back what it gets, and ends a connection when its client does.
 *
 * @module
 */

/** Runs until it is disposed of, which ends its connections, too. */
export class EchoServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor() {
    this.#accepting = this.#accept();
  }

  /** `127.0.0.1:port`, as a configuration names a target. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    const echoes = [...this.#open.values()];
    for (const conn of this.#open.keys()) conn.close();
    this.#open.clear();
    await Promise.all(echoes);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const done = echo(conn).finally(() => {
        if (this.#open.delete(conn)) conn.close();
      });
      this.#open.set(conn, done);
    }
  }
}

async function echo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
    }
  } catch {
    // The other side is gone: so is this connection.
  }
}
