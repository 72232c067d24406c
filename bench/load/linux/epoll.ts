/**
 * Waiting for many sockets at once.
 *
 * @module
 */

import { checked, libc } from "./libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

/** `struct epoll_event` is packed on x86-64 alone (sys/epoll.h). */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA_OFFSET = EVENT_SIZE - 8;

const MAX_EVENTS = 256;

/** A set of sockets that can be waited for until one can be read. */
export class Epoll {
  readonly #fd = checked("open an epoll", libc.epoll_create1(0));
  readonly #events = new Uint8Array(EVENT_SIZE * MAX_EVENTS);
  readonly #view = new DataView(this.#events.buffer);
  readonly #timeout = new BigInt64Array(2);
  readonly #timeoutBytes = new Uint8Array(this.#timeout.buffer);

  /** Adds a socket, which `index` stands for. */
  add(fd: number, index: number): void {
    const event = new Uint8Array(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setUint32(DATA_OFFSET, index, true);
    checked("watch a socket", libc.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, event));
  }

  /** Waits at most `milliseconds`, fractions count; returns how many sockets can be read. */
  wait(milliseconds: number): number {
    const nanoseconds = Math.max(0, Math.floor(milliseconds * 1e6));
    // struct timespec
    this.#timeout[0] = BigInt(Math.floor(nanoseconds / 1e9));
    this.#timeout[1] = BigInt(nanoseconds % 1e9);
    // Interrupted by a signal counts as a wait that ended without anything.
    return Math.max(
      0,
      libc.epoll_pwait2(this.#fd, this.#events, MAX_EVENTS, this.#timeoutBytes, null),
    );
  }

  /** The index of the `nth` socket that the last wait found. */
  index(nth: number): number {
    return this.#view.getUint32(nth * EVENT_SIZE + DATA_OFFSET, true);
  }
}
