/**
 * What the parts of the self-test are made with.
 *
 * @module
 */

import { errnoName } from "./errno.ts";
import { AF_UNIX, EPOLL_CTL_ADD, EPOLLIN, SOCK_STREAM } from "./layout.ts";
import type { Libc } from "./libc.ts";

/** Longest wait for what the kernel does at once, in milliseconds. */
export const PATIENCE = 2_000;

/** Makes descriptors, and closes them all at the end. Everything here throws where the system does not do its part. */
export class SelfTestBench implements Disposable {
  readonly #stack = new DisposableStack();

  constructor(readonly libc: Libc) {}

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** A result that must not be an error. */
  must(result: number): number {
    if (result < 0) throw new Error(errnoName(-result));
    return result;
  }

  /** A new descriptor. */
  open(result: number): number {
    const fd = this.must(result);
    this.#stack.defer(() => this.libc.close(fd));
    return fd;
  }

  /** Two descriptors that a call has written. */
  openPair(create: (out: Int32Array<ArrayBuffer>) => number): readonly [number, number] {
    const out = new Int32Array(new ArrayBuffer(8));
    this.must(create(out));
    return [this.open(out[0] ?? -1), this.open(out[1] ?? -1)];
  }

  streamPair(): readonly [number, number] {
    return this.openPair((out) => this.libc.socketpair(AF_UNIX, SOCK_STREAM, out));
  }

  /** Waits until there is something to read. */
  awaitInput(fd: number): void {
    const epoll = this.open(this.libc.epollCreate());
    const events = new Uint32Array(new ArrayBuffer(this.libc.layout.epollEvent.size));
    this.must(this.libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, 0, 0));
    expect("descriptors ready", this.must(this.libc.epollWait(epoll, events, 1, PATIENCE)), 1);
  }
}

/** A value that must be another. */
export function expect<T extends number | string>(what: string, actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}
