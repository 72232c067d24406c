/**
 * Real sockets and pipes for tests of what moves bytes between them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { AF_UNIX, SOCK_STREAM } from "../../../../../src/engine/native/sys/layout.ts";
import { type Libc, openLibc } from "../../../../../src/engine/native/sys/libc.ts";

/** Pairs of connected sockets; all that a test opened is closed with the rig. */
export class SocketsRig implements Disposable {
  readonly libc: Libc = openLibc();
  readonly #open = new Set<number>();

  /** Two non-blocking sockets that are connected to each other. */
  pair(): [number, number] {
    const ends = new Int32Array(2);
    assert.equal(this.libc.socketpair(AF_UNIX, SOCK_STREAM, ends), 0);
    const [one = -1, other = -1] = ends;
    this.#open.add(one).add(other);
    return [one, other];
  }

  /** The same, the second of which is for the caller to close: it may have another owner by the end of the test. */
  pairToGive(): [number, number] {
    const [kept, given] = this.pair();
    this.#open.delete(given);
    return [kept, given];
  }

  close(fd: number): void {
    this.#open.delete(fd);
    this.libc.close(fd);
  }

  /** All that a socket has to be read. */
  readAll(fd: number): Uint8Array {
    const buffer = new Uint8Array(new ArrayBuffer(1024 * 1024));
    const read: number[] = [];
    for (;;) {
      const count = this.libc.recv(fd, buffer, buffer.length, 0);
      if (count <= 0) return Uint8Array.from(read);
      for (const byte of buffer.subarray(0, count)) read.push(byte);
    }
  }

  send(fd: number, bytes: readonly number[]): void {
    const buffer = new Uint8Array(bytes);
    assert.equal(this.libc.send(fd, buffer, buffer.length, 0), buffer.length);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) this.libc.close(fd);
    this.libc[Symbol.dispose]();
  }
}
