/**
 * A man in the middle who cuts a real client's ClientHello into many TLS records and TCP segments.
 *
 * @module
 */

import { readExactly } from "../../src/cli/demo/conn_io.ts";

/** Listens on loopback, and relays to a port of loopback. */
export class SplittingRelay implements AsyncDisposable {
  /** Where clients connect to. */
  readonly port: number;
  /** Records into which ClientHellos were cut so far. */
  records = 0;
  readonly #listener: Deno.TcpListener;
  readonly #relaying: Promise<void>;

  /**
   * @param targetPort where the cut ClientHello goes
   * @param recordLength bytes of the handshake message in each record
   */
  constructor(targetPort: number, recordLength: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#relaying = this.#run(targetPort, recordLength);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#relaying;
  }

  async #run(targetPort: number, recordLength: number): Promise<void> {
    for await (const client of this.#listener) {
      using target = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      using _ = client;
      target.setNoDelay(true);
      await this.#splitFirstRecord(client, target, recordLength);
      await Promise.all([copy(client, target), copy(target, client)]);
    }
  }

  async #splitFirstRecord(client: Deno.Conn, target: Deno.Conn, length: number): Promise<void> {
    const header = await readExactly(client, 5);
    const message = await readExactly(client, ((header[3] ?? 0) << 8) | (header[4] ?? 0));
    for (let start = 0; start < message.length; start += length) {
      const fragment = message.subarray(start, start + length);
      // The same type and version, and a length of its own (RFC 8446 §5.1).
      const record = Uint8Array.of(...header.subarray(0, 3), 0, fragment.length, ...fragment);
      await target.write(record.subarray(0, 4));
      await target.write(record.subarray(4));
      this.records++;
    }
  }
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    }
    await to.closeWrite();
  } catch {
    // One side has gone: the other one's end is seen by the other direction.
  }
}
