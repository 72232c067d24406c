/**
 * Serves TCP connections by {@linkcode RetryServer} alone, for real clients to try it.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { FilterOutput, StreamFilter } from "../../src/model/flow.ts";
import { RetryServer, type RetryStep } from "../../src/proto/tls13/retry_server.ts";
import { concat } from "./client_hello_builder.ts";
import type { RetryRejection } from "./retry_rejection.ts";

/** How a connection ended. */
export interface ServedConnection {
  /** The last step of the handshake, or what the client did instead. */
  readonly ending: Exclude<RetryStep["kind"], "needMore"> | "eof" | "reset";
  readonly isFinished: boolean;
  /** How often the server has spoken before the client was done: twice where it asked for another hello. */
  readonly flights: number;
  /** What the client has said in the clear. */
  readonly plaintext: string;
}

/** Answers a client that goes on to talk: all that it has said so far → the answer; null: it is not done talking. */
export type Talk = (said: string) => string | null;

/** A listener on loopback. */
export class RetryListener implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #ech: RetryRejection;
  readonly #talk: Talk;
  readonly #running = new Set<Promise<ServedConnection>>();
  readonly #accepting: Promise<void>;
  readonly #served: ServedConnection[] = [];

  /** @param talk with it, connections that send data are answered once and then closed */
  constructor(ech: RetryRejection, talk: Talk = () => null) {
    this.#ech = ech;
    this.#talk = talk;
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Waits for all connections so far to end, and tells how the last of them did. */
  async last(): Promise<ServedConnection> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    const last = this.#served.at(-1);
    if (last === undefined) throw new Error("No connection was served");
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const running = this.#serve(conn);
      this.#running.add(running);
      running.then((served) => {
        this.#served.push(served);
        this.#running.delete(running);
      });
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<ServedConnection> {
    using _ = conn;
    const server = new RetryServer({ ech: this.#ech, random: randomBytes });
    const told = (ending: ServedConnection["ending"], plaintext = "") => {
      return { ending, isFinished: server.isFinished, flights, plaintext };
    };
    const buffer = new Uint8Array(16 * 1024);
    let head: Uint8Array = new Uint8Array(0);
    let flights = 0;
    try {
      for (;;) {
        const count = await conn.read(buffer);
        if (count === null) return told("eof");
        head = concat(head, buffer.subarray(0, count));
        const isDone = server.isFinished;
        const step = server.push(head);
        if (step.kind === "needMore" && step.reply !== null && !isDone) flights++;
        if ("reply" in step && step.reply !== null) await writeAll(conn, step.reply);
        if (step.kind === "connected") {
          const first = step.channel.fromClient(head.subarray(step.consumed));
          return told("connected", await this.#relay(conn, step.channel, first));
        }
        if (step.kind !== "needMore") {
          conn.closeWrite();
          return told(step.kind);
        }
      }
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return told("reset");
      if (error instanceof Deno.errors.BrokenPipe) return told("reset");
      throw error;
    }
  }

  async #relay(conn: Deno.TcpConn, channel: StreamFilter, first: FilterOutput): Promise<string> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let said = "";
    let output = first;
    let isAnswered = false;
    for (;;) {
      if (output.toClient !== null) await writeAll(conn, output.toClient);
      if (output.toTarget !== null) said += decoder.decode(output.toTarget, { stream: true });
      if (output.next !== "filter") return said;
      const answer = isAnswered ? null : this.#talk(said);
      if (answer !== null) {
        isAnswered = true;
        for (
          const { toClient } of [
            channel.fromTarget(new TextEncoder().encode(answer)),
            channel.targetEnded(),
          ]
        ) if (toClient !== null) await writeAll(conn, toClient.slice());
        conn.closeWrite();
      }
      const count = await conn.read(buffer);
      if (count === null) return said;
      output = channel.fromClient(buffer.subarray(0, count));
    }
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
