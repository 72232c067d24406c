/**
 * Descriptors of a test of the native engine.
 *
 * @module
 */

import assert from "node:assert/strict";
import { errnoName } from "../../src/engine/native/sys/errno.ts";
import { EPOLL_CTL_ADD, EPOLLIN } from "../../src/engine/native/sys/layout.ts";
import { type Libc, openLibc } from "../../src/engine/native/sys/libc.ts";
import { SockaddrBuffer } from "../../src/engine/native/sys/socket_address.ts";

/** How long what the kernel does at once may take. */
const PATIENCE_MS = 10_000;

/** Opens the C library and descriptors; closes all of them at the end of the test. */
export class Descriptors implements Disposable {
  readonly #stack = new DisposableStack();
  readonly libc: Libc = this.#stack.use(openLibc());

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /** A result that is no error. */
  ok(result: number): number {
    assert.ok(result >= 0, errnoName(-result));
    return result;
  }

  /** A new descriptor, to be closed at the end. */
  open(result: number): number {
    const fd = this.ok(result);
    this.#stack.defer(() => this.libc.close(fd));
    return fd;
  }

  /** Two descriptors that a call has written. */
  openPair(create: (out: Int32Array<ArrayBuffer>) => number): readonly [number, number] {
    const out = new Int32Array(new ArrayBuffer(8));
    this.ok(create(out));
    return [this.open(out[0] ?? -1), this.open(out[1] ?? -1)];
  }

  /** Waits for events of a descriptor and returns them. */
  awaitEvents(fd: number, wanted: number): number {
    const { libc } = this;
    const epoll = this.ok(libc.epollCreate());
    const events = new Uint32Array(new ArrayBuffer(libc.layout.epollEvent.size));
    this.ok(libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, wanted, 0, 0));
    const count = this.ok(libc.epollWait(epoll, events, 1, PATIENCE_MS));
    libc.close(epoll);
    assert.equal(count, 1, "nothing happened in time");
    return events[0] ?? 0;
  }

  /** Accepts the connection that is on its way, and tells its peer. */
  accept(listener: number): { readonly fd: number; readonly peer: SockaddrBuffer } {
    const peer = new SockaddrBuffer();
    this.awaitEvents(listener, EPOLLIN);
    return { fd: this.open(this.libc.accept4(listener, peer)), peer };
  }
}
