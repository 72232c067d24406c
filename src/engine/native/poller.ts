/**
 * Waits for descriptors to become ready and calls whoever owns them.
 *
 * @module
 */

import { EINTR, systemError } from "./sys/errno.ts";
import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD } from "./sys/layout.ts";
import type { Libc } from "./sys/libc.ts";

/** The owner of a descriptor. */
export interface Pollable {
  /** @param events `EPOLL…` flags */
  onReady(events: number): void;
}

/** Events taken from the kernel at once: enough to spread the cost of the call, few enough for timers to be on time. */
const BATCH = 256;

/** Longest wait that `epoll_wait` can be told: 24 days. */
const MAX_WAIT = 2 ** 31 - 1;

/**
 * One epoll instance.
 *
 * A batch may hold events of a descriptor that an earlier event of the same batch made its owner close, and whose number
 * a new connection has already. So each registration has a generation, which comes back with its events in the upper
 * half of `epoll_data`: an event of an older generation reaches nobody.
 */
export class Poller {
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #owners: (Pollable | undefined)[] = [];
  /** By descriptor, as `#owners`. */
  #generations = new Uint32Array(1024);
  readonly #events: Uint32Array<ArrayBuffer>;
  // Places in `#events`, in units of 4 bytes.
  readonly #stride: number;
  readonly #data: number;
  /** The part of the batch that is yet to be dispatched. */
  #next = 0;
  #count = 0;

  /** @throws {Error} where the system has no descriptor left */
  constructor(libc: Libc) {
    const { size, data } = libc.layout.epollEvent;
    this.#libc = libc;
    this.#epoll = libc.epollCreate();
    if (this.#epoll < 0) throw systemError(-this.#epoll, "epoll_create1");
    this.#events = new Uint32Array(new ArrayBuffer(BATCH * size));
    this.#stride = size / 4;
    this.#data = data / 4;
  }

  /** Has `owner` called for `events`, flags of epoll_ctl(2); whether they are edge-triggered is the caller's choice. */
  add(fd: number, events: number, owner: Pollable): number {
    const generation = this.#nextGeneration(fd);
    const result = this.#libc.epollCtl(this.#epoll, EPOLL_CTL_ADD, fd, events, fd, generation);
    if (result >= 0) this.#owners[fd] = owner;
    return result;
  }

  /** Changes what the owner is called for; an edge that is there already is told again. */
  modify(fd: number, events: number): number {
    const generation = this.#generations[fd] ?? 0;
    return this.#libc.epollCtl(this.#epoll, EPOLL_CTL_MOD, fd, events, fd, generation);
  }

  /** The owner is called no more, not even for what the current batch has. */
  remove(fd: number): void {
    this.#owners[fd] = undefined;
    this.#libc.epollCtl(this.#epoll, EPOLL_CTL_DEL, fd, 0, 0, 0);
  }

  /** As {@linkcode Poller.remove}, for a descriptor that is closed next: that alone takes it out of the kernel's list. */
  forget(fd: number): void {
    this.#owners[fd] = undefined;
  }

  /**
   * Waits until something is ready, for `timeoutMs` at most (`Infinity` = for as long as it takes; 0 = not at all), and
   * calls the owners. Returns how many events there were.
   *
   * `begin` is called between the two, also where nothing is ready: owners may count on what it has brought up to date.
   *
   * What an owner throws comes through; the rest of the batch is then dispatched by the next call, which does not wait.
   *
   * @throws {Error} where the wait itself fails, which it does not while the poller is open
   */
  wait(timeoutMs: number, begin?: () => void): number {
    if (this.#next === this.#count) this.#fill(timeoutMs);
    begin?.();
    const count = this.#count - this.#next;
    while (this.#next < this.#count) this.#dispatch(this.#next++);
    return count;
  }

  /** Closes the epoll instance, not the descriptors in it. */
  close(): void {
    this.#libc.close(this.#epoll);
    this.#owners.length = 0;
    this.#next = this.#count = 0;
  }

  #fill(timeoutMs: number): void {
    // Rounded up: a timer that is due in half a millisecond must not make the loop spin until then.
    const wait = timeoutMs < MAX_WAIT ? Math.max(0, Math.ceil(timeoutMs)) : -1;
    const count = this.#libc.epollWait(this.#epoll, this.#events, BATCH, wait);
    if (count < 0 && count !== -EINTR) throw systemError(-count, "epoll_wait");
    this.#next = 0;
    this.#count = Math.max(0, count);
  }

  #dispatch(index: number): void {
    const at = index * this.#stride;
    const fd = this.#events[at + this.#data] ?? 0;
    const generation = this.#events[at + this.#data + 1];
    if (this.#generations[fd] === generation) this.#owners[fd]?.onReady(this.#events[at] ?? 0);
  }

  #nextGeneration(fd: number): number {
    if (fd >= this.#generations.length) {
      const grown = new Uint32Array(Math.max(fd + 1, 2 * this.#generations.length));
      grown.set(this.#generations);
      this.#generations = grown;
    }
    const generation = ((this.#generations[fd] ?? 0) + 1) >>> 0;
    this.#generations[fd] = generation;
    return generation;
  }
}
