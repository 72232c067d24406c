/**
 * A queue of lines between code that must not wait and a sink that may be slow, full or gone.
 *
 * @module
 */

import { LOG_CLOSE_TIMEOUT, MAX_LOG_QUEUE, MAX_LOG_QUEUE_BYTES } from "../model/limits.ts";
import type { LineSink } from "./line_sink.ts";

/** Settings of a {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** The line, without a line end, that tells of `count` lines that were lost at this place. */
  readonly describeDrops: (count: number) => string;
  /** Called once an outage, with the error of the first failed write. */
  readonly onError?: (error: unknown) => void;
  readonly maxLines?: number;
  /** Counted as characters: nearly all of a log line is ASCII. */
  readonly maxBytes?: number;
}

/**
 * Writes lines in order, many with one system call, without ever blocking its caller or throwing at it.
 *
 * What cannot be held is dropped and counted. Once dropping has begun it goes on until half of the queue is free, so
 * that a log under lasting overload has long whole stretches with one line between them that says how much is missing.
 */
export class LineWriter implements AsyncDisposable {
  readonly #sink: LineSink;
  readonly #describeDrops: (count: number) => string;
  readonly #onError: (error: unknown) => void;
  readonly #maxLines: number;
  readonly #maxBytes: number;
  readonly #encoder = new TextEncoder();

  /** Lines that wait, joined: full chunks, and the one that is being filled. */
  #chunks: Chunk[] = [];
  #text = "";
  #lines = 0;
  /** Lines and characters held, with those that are being written. */
  #heldLines = 0;
  #heldBytes = 0;

  #dropping = false;
  #dropped = 0;
  #unreported = 0;

  #timer: ReturnType<typeof setTimeout> | null = null;
  #pumping: Promise<void> | null = null;
  /** Ends the pause after a failed write early. */
  #wake: (() => void) | null = null;
  #failing = false;
  #reopenWanted = false;
  /** No more lines are taken: disposed of, or the sink is gone for good. */
  #ended = false;
  #disposed = false;
  /** What is still queued is lost. */
  #sinkClosed = false;

  constructor(sink: LineSink, options: LineWriterOptions) {
    this.#sink = sink;
    this.#describeDrops = options.describeDrops;
    this.#onError = options.onError ?? (() => {});
    this.#maxLines = options.maxLines ?? MAX_LOG_QUEUE;
    this.#maxBytes = options.maxBytes ?? MAX_LOG_QUEUE_BYTES;
  }

  /** Lines lost so far: the queue was full, or the sink was gone. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a line, given without its line end. */
  write(line: string): void {
    if (this.#ended) {
      this.#dropped++;
      return;
    }
    if (this.#mustDrop(line)) {
      this.#dropped++;
      this.#unreported++;
    } else {
      if (this.#unreported > 0) this.#reportDrops();
      this.#append(line);
    }
    if (this.#chunks.length > 0) this.#startPump();
    else if (this.#pumping === null) {
      this.#timer ??= setTimeout(() => this.#startPump(), FLUSH_DELAY);
    }
  }

  /** Waits until all lines taken so far are out or given up; false when `timeoutMs` was not enough. */
  async flush(timeoutMs: number = LOG_CLOSE_TIMEOUT): Promise<boolean> {
    this.#startPump();
    if (this.#pumping === null) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    try {
      return await Promise.race([this.#pumping.then(() => true), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens the sink's file again, even when nothing is to be written: who rotated it waits until it is let go. */
  reopen(): void {
    if (this.#ended) return;
    this.#reopenWanted = true;
    this.#wake?.();
    this.#startPump();
  }

  /** Writes what is queued, for a bounded time, and closes the sink. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#ended = true;
    this.#wake?.();
    await this.flush();
    this.#sinkClosed = true;
    this.#sink.close();
  }

  #mustDrop(line: string): boolean {
    if (this.#dropping) {
      this.#dropping = this.#heldLines > this.#maxLines / 2 || this.#heldBytes > this.#maxBytes / 2;
    }
    this.#dropping ||= this.#heldLines >= this.#maxLines ||
      this.#heldBytes + line.length >= this.#maxBytes;
    return this.#dropping;
  }

  #append(line: string): void {
    this.#text += line + "\n";
    this.#lines++;
    this.#heldLines++;
    this.#heldBytes += line.length + 1;
    if (this.#text.length >= CHUNK_SIZE) this.#closeChunk();
  }

  #closeChunk(): void {
    const { length } = this.#text;
    this.#chunks.push({ bytes: this.#encoder.encode(this.#text), length, lines: this.#lines });
    this.#text = "";
    this.#lines = 0;
  }

  #reportDrops(): void {
    this.#append(this.#describeDrops(this.#unreported));
    this.#unreported = 0;
  }

  get #idle(): boolean {
    return this.#heldLines === 0 && this.#unreported === 0 && !this.#reopenWanted;
  }

  #startPump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#idle) this.#pumping ??= this.#pump();
  }

  /** Writes until nothing is left. Starts with an `await`, so that `#pumping` is set before it is reset. */
  async #pump(): Promise<void> {
    await Promise.resolve();
    while (!this.#idle) {
      if (this.#reopenWanted) await this.#reopenSink();
      if (this.#heldLines === 0 && this.#unreported > 0) this.#reportDrops();
      if (this.#lines > 0 && this.#chunks.length === 0) this.#closeChunk();
      const chunk = this.#chunks.shift();
      if (chunk === undefined) continue;
      if (!await this.#writeChunk(chunk.bytes)) this.#dropped += chunk.lines;
      this.#heldLines -= chunk.lines;
      this.#heldBytes -= chunk.length;
    }
    this.#pumping = null;
  }

  /** False when the bytes, or a part of them, are given up: the sink is gone, or the writer is being closed. */
  async #writeChunk(bytes: Uint8Array): Promise<boolean> {
    while (bytes.length > 0) {
      if (this.#sinkClosed) return false;
      if (this.#reopenWanted) await this.#reopenSink();
      const written = await this.#attempt(() => this.#sink.write(bytes));
      if (written !== null && written > 0) bytes = bytes.subarray(written);
      else if (this.#ended) return false;
      else await this.#pause();
    }
    return true;
  }

  async #reopenSink(): Promise<void> {
    this.#reopenWanted = false;
    await this.#attempt(() => this.#sink.reopen());
  }

  /** Null when the operation failed; the first failure of an outage is reported. */
  async #attempt<T>(operation: () => Promise<T>): Promise<T | null> {
    try {
      const result = await operation();
      this.#failing = false;
      return result;
    } catch (error) {
      if (!this.#failing) this.#onError(error);
      this.#failing = true;
      this.#ended ||= this.#sink.isFinal(error);
      return null;
    }
  }

  async #pause(): Promise<void> {
    if (this.#reopenWanted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, RETRY_DELAY);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = null;
  }
}

/**
 * Lines that are written with one call. Encoded at once: a string that was put together of many keeps all of these for
 * as long as nobody reads it, which comes to several times its length.
 */
interface Chunk {
  readonly bytes: Uint8Array;
  /** In characters. */
  readonly length: number;
  readonly lines: number;
}

/** Characters at which a chunk is full. */
const CHUNK_SIZE = 64 * 1024;

/** How long a first line waits for company, in milliseconds. */
const FLUSH_DELAY = 10;

/** Pause between tries to write to a sink that fails, in milliseconds. */
const RETRY_DELAY = 1_000;
