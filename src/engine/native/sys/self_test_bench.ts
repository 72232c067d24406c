/**
 * What the parts of the self-test are made with.
 *
 * @module
 */

import { EADDRNOTAVAIL, ENETUNREACH, errnoName } from "./errno.ts";
import { AF_INET, AF_UNIX, EPOLL_CTL_ADD, EPOLLIN, SOCK_DGRAM, SOCK_STREAM } from "./layout.ts";
import type { Libc } from "./libc.ts";
import { SockaddrBuffer } from "./socket_address.ts";

/** Longest wait for what the kernel does at once, in milliseconds. */
export const PATIENCE = 2_000;

/** Makes descriptors, and closes them all at the end. Everything here throws where the system does not do its part. */
export class SelfTestBench implements Disposable {
  readonly #stack = new DisposableStack();

  constructor(readonly libc: Libc) {}

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** The result of a call, which must not be an error. */
  must(call: string, result: number): number {
    if (result < 0) throw new Error(`${call}: ${errnoName(-result)}`);
    return result;
  }

  /** A new descriptor. */
  open(call: string, result: number): number {
    const fd = this.must(call, result);
    this.#stack.defer(() => this.libc.close(fd));
    return fd;
  }

  /** Two descriptors that a call has written. */
  openPair(
    call: string,
    create: (out: Int32Array<ArrayBuffer>) => number,
  ): readonly [number, number] {
    const out = new Int32Array(new ArrayBuffer(8));
    this.must(call, create(out));
    return [this.open(call, out[0] ?? -1), this.open(call, out[1] ?? -1)];
  }

  streamPair(): readonly [number, number] {
    return this.openPair("socketpair", (out) => this.libc.socketpair(AF_UNIX, SOCK_STREAM, out));
  }

  /** Whether the machine can talk to itself: where it cannot, there is nothing to try, and nothing that is wrong. */
  hasLoopback(): boolean {
    const fd = this.open("socket", this.libc.socket(AF_INET, SOCK_DGRAM));
    const result = this.libc.connect(fd, SockaddrBuffer.of({ host: "127.0.0.1", port: 9 }));
    return result !== -ENETUNREACH && result !== -EADDRNOTAVAIL;
  }

  /** Waits until there is something to read. */
  awaitInput(fd: number): void {
    const epoll = this.open("epoll_create1", this.libc.epollCreate());
    const events = new Uint32Array(new ArrayBuffer(this.libc.layout.epollEvent.size));
    this.must("epoll_ctl", this.libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, 0, 0));
    const count = this.libc.epollWait(epoll, events, 1, PATIENCE);
    expect("descriptors ready", this.must("epoll_wait", count), 1);
  }
}

/** A value that must be another. */
export function expect<T extends number | string>(what: string, actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}
