/**
 * Pipes through which bytes pass from socket to socket without entering our memory.
 *
 * @module
 */

import { MAX_SPARE_PIPES, PIPE_SIZE } from "../../../model/limits.ts";
import type { DescriptorTable } from "../sys/descriptor_table.ts";
import { F_SETPIPE_SZ, SPLICE_F_NONBLOCK } from "../sys/layout.ts";
import type { Libc } from "../sys/libc.ts";
import type { Backlog } from "./backlog.ts";

/** A pipe in use by one direction of a connection. What is in it is a backlog. */
export class Pipe implements Backlog {
  readonly #pool: PipePool;
  readonly #libc: Libc;
  readonly readEnd: number;
  readonly writeEnd: number;
  #length = 0;

  constructor(pool: PipePool, libc: Libc, readEnd: number, writeEnd: number) {
    this.#pool = pool;
    this.#libc = libc;
    this.readEnd = readEnd;
    this.writeEnd = writeEnd;
  }

  /** Bytes that are in it. */
  get length(): number {
    return this.#length;
  }

  /** Moves what a socket has into the pipe, which must be empty. Returns the bytes, 0 at the end, or a negative errno. */
  readFrom(fd: number): number {
    const count = this.#libc.splice(fd, this.writeEnd, PIPE_SIZE, SPLICE_F_NONBLOCK);
    if (count > 0) this.#length += count;
    return count;
  }

  writeTo(libc: Libc, fd: number): number {
    const count = libc.splice(this.readEnd, fd, this.#length, SPLICE_F_NONBLOCK);
    if (count > 0) this.#length -= count;
    return count;
  }

  release(): void {
    this.#pool.give(this);
  }
}

/** Spare pipes of one worker: a pipe is only held while bytes are in it, so few serve many connections. */
export class PipePool {
  readonly #libc: Libc;
  readonly #descriptors: DescriptorTable;
  readonly #owner: number;
  readonly #spare: Pipe[] = [];
  readonly #ends = new Int32Array(2);

  constructor(libc: Libc, descriptors: DescriptorTable, owner: number) {
    this.#libc = libc;
    this.#descriptors = descriptors;
    this.#owner = owner;
  }

  /** A pipe that is empty; null when the system has none to give. */
  take(): Pipe | null {
    return this.#spare.pop() ?? this.#create();
  }

  /** Takes a pipe back. One with bytes in it, or one too many, is closed. */
  give(pipe: Pipe): void {
    if (pipe.length === 0 && this.#spare.length < MAX_SPARE_PIPES) this.#spare.push(pipe);
    else this.#close(pipe);
  }

  /** Closes all that are spare. */
  close(): void {
    for (const pipe of this.#spare.splice(0)) this.#close(pipe);
  }

  #create(): Pipe | null {
    if (this.#libc.pipe2(this.#ends) < 0) return null;
    const [readEnd = -1, writeEnd = -1] = this.#ends;
    this.#descriptors.claim(readEnd, this.#owner);
    this.#descriptors.claim(writeEnd, this.#owner);
    // Without privileges the system refuses this once all pipes of the user hold much; the size that it has will do.
    this.#libc.fcntl(writeEnd, F_SETPIPE_SZ, PIPE_SIZE);
    return new Pipe(this, this.#libc, readEnd, writeEnd);
  }

  #close({ readEnd, writeEnd }: Pipe): void {
    for (const end of [readEnd, writeEnd]) {
      this.#descriptors.release(end);
      this.#libc.close(end);
    }
  }
}
