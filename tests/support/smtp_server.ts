/**
 * As much of a mail server as a client needs to leave a message (RFC 5321).
 *
 * @module
 */

import { readLine, writeText } from "../../src/cli/demo/conn_io.ts";

/** Listens on loopback and takes one client after the other. */
export class SmtpServer implements AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Messages taken, lines joined by `\n`. */
  readonly messages: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #serving: Promise<void>;

  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#serving = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #run(): Promise<void> {
    for await (const conn of this.#listener) {
      using _ = conn;
      await this.#talk(conn);
    }
  }

  async #talk(conn: Deno.Conn): Promise<void> {
    await writeText(conn, "220 mail.test ESMTP\r\n");
    for (let line; (line = await readLine(conn)) !== null;) {
      const [command = ""] = line.toUpperCase().split(/[ :]/);
      if (command === "DATA") {
        await writeText(conn, "354 Go on\r\n");
        const lines: string[] = [];
        for (let text; (text = await readLine(conn)) !== "." && text !== null;) lines.push(text);
        this.messages.push(lines.join("\n"));
      }
      await writeText(conn, command === "QUIT" ? "221 Bye\r\n" : "250 OK\r\n");
      if (command === "QUIT") return;
    }
  }
}
