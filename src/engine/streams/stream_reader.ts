/**
 * Reads one side of a connection while it is still being decided what becomes of it.
 *
 * @module
 */

import { INITIAL_READ_BUFFER } from "../../model/limits.ts";

/** Everything read so far, and the read that is under way. */
export class StreamReader {
  readonly #conn: Deno.TcpConn;
  readonly #onReady: () => void;
  #buffer = new Uint8Array(0);
  #length = 0;
  /** Number of bytes, 0 at the end of the stream. */
  #pending: Promise<number> | null = null;
  /** What `#pending` came to; null while it is under way. */
  #result: number | Error | null = null;

  /** @param onReady called whenever {@linkcode StreamReader.ready} becomes true */
  constructor(conn: Deno.TcpConn, onReady: () => void) {
    this.#conn = conn;
    this.#onReady = onReady;
  }

  /** All bytes that were taken. Valid until the next {@linkcode StreamReader.request}. */
  get head(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Whether a read has ended and waits to be taken. */
  get ready(): boolean {
    return this.#result !== null;
  }

  /**
   * Begins a read unless one is under way or waits to be taken: a read of Deno cannot be taken back, so a deadline that
   * passes leaves it for later.
   */
  request(max: number): void {
    if (this.#pending !== null) return;
    if (this.#length >= max) throw new Error(`more than ${max} bytes of a connection wanted`);
    this.#pending = this.#read(max);
    this.#pending.then(
      (count) => this.#settle(count),
      (error) => this.#settle(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Takes what the read came to; its bytes are part of the head from now on. */
  take(): "data" | "eof" | "reset" {
    const result = this.#result;
    if (result === null) throw new Error("nothing was read");
    this.#pending = this.#result = null;
    if (typeof result !== "number") return "reset";
    if (result === 0) return "eof";
    this.#length += result;
    return "data";
  }

  /** What the relay goes on with: the bytes of the head, and those of a read that is still to be taken. */
  handOver(): { readonly head: Uint8Array; readonly pending: Promise<Uint8Array> | null } {
    const { head } = this;
    const rest = this.#buffer.subarray(this.#length);
    const pending = this.#pending?.then((count) => rest.subarray(0, count)) ?? null;
    // It may fail before the relay gets to it.
    pending?.catch(() => {});
    this.#buffer = new Uint8Array(0);
    return { head, pending };
  }

  /** Resolves when no read is under way; to be called after the connection was closed. */
  async settled(): Promise<void> {
    await this.#pending?.catch(() => {});
  }

  async #read(max: number): Promise<number> {
    this.#reserve(max);
    return await this.#conn.read(this.#buffer.subarray(this.#length, max)) ?? 0;
  }

  #reserve(max: number): void {
    if (this.#length < this.#buffer.length) return;
    const size = Math.max(this.#buffer.length * 2, INITIAL_READ_BUFFER);
    const grown = new Uint8Array(Math.min(size, max));
    grown.set(this.#buffer);
    this.#buffer = grown;
  }

  #settle(result: number | Error): void {
    this.#result = result;
    this.#onReady();
  }
}
