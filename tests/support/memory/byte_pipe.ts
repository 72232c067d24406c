/**
 * One direction of a TCP connection in memory.
 *
 * @module
 */

import { PeerReset } from "../../conformance/world.ts";

/** Bytes that a pipe holds before its writer has to wait. */
const CAPACITY = 64 * 1024;

/** A bounded stream of bytes that ends in order, or breaks. */
export class BytePipe {
  readonly #chunks: Uint8Array[] = [];
  readonly #observers = new Set<() => void>();
  #buffered = 0;
  #state: "open" | "ended" | "broken" = "open";

  /** Whether a read would not wait. */
  get readable(): boolean {
    return this.#buffered > 0 || this.#state !== "open";
  }

  get broken(): boolean {
    return this.#state === "broken";
  }

  /** Calls `observer` after every change, until the returned function is called. */
  observe(observer: () => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** What is there, at most `max` bytes; null while there is nothing. */
  take(max: number): Uint8Array | "eof" | "reset" | null {
    if (this.#state === "broken") return "reset";
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return this.#state === "ended" ? "eof" : null;
    const taken = chunk.subarray(0, max);
    if (taken.length < chunk.length) this.#chunks.unshift(chunk.subarray(max));
    this.#buffered -= taken.length;
    this.#changed();
    return taken;
  }

  /** Waits for some bytes; null at the end. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const taken = this.take(CAPACITY);
      if (taken === "reset") throw new PeerReset("reset");
      if (taken === "eof") return null;
      if (taken !== null) return taken;
      await this.#change();
    }
  }

  /** Resolves when all bytes are taken in. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length;) {
      while (this.#state === "open" && this.#buffered >= CAPACITY) await this.#change();
      if (this.#state !== "open") throw new PeerReset("nobody reads any more");
      const chunk = bytes.slice(offset, offset + CAPACITY - this.#buffered);
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      offset += chunk.length;
      this.#changed();
    }
  }

  /** Ends the stream behind what was written. */
  end(): void {
    if (this.#state === "open") this.#become("ended");
  }

  /** Ends the stream at once; what was not read is lost. */
  break(): void {
    this.#become("broken");
  }

  #become(state: "ended" | "broken"): void {
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    for (const observer of [...this.#observers]) observer();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.observe(() => {
        stop();
        resolve();
      });
    });
  }
}
