/**
 * One listener of the native engine: a socket for each worker, all on one address.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { ListenerSpec, SocketOptions } from "../../model/snapshot.ts";
import type { Listener } from "../engine.ts";
import { tuneSocket } from "./open_sockets.ts";
import type { DescriptorTable } from "./sys/descriptor_table.ts";
import type { Libc } from "./sys/libc.ts";
import type { WorkerHandle } from "./worker_handle.ts";
import { ownerOf } from "./worker_loop.ts";

/** What the sockets are handled with. */
export interface ListenerSocketsOptions {
  readonly libc: Libc;
  readonly descriptors: DescriptorTable;
  readonly spec: ListenerSpec;
  /** The bound address. */
  readonly address: SocketAddress;
  /** One for each worker, by position. */
  readonly descriptorsByWorker: readonly number[];
  /** Numbers the sockets from here on. */
  readonly firstNumber: number;
  /** Who serves what is for the worker at a position. */
  readonly standIn: (index: number) => WorkerHandle | null;
}

/** One of the sockets. */
interface Slot {
  readonly number: number;
  readonly fd: number;
  /** Who serves it; null while nobody does. */
  server: WorkerHandle | null;
  /** Whether its worker was told to leave it and has not done so yet. */
  isLeaving: boolean;
  /** Whether no flow needs it, since the listener was closed. */
  isUnused: boolean;
  isClosed: boolean;
}

/**
 * The sockets of one SO_REUSEPORT group. Those of TCP are closed by the workers as soon as no new connection is to be
 * taken; those of UDP are closed together, when no session of any worker needs them (see {@linkcode WorkerUdpPort}).
 */
export class ListenerSockets {
  readonly spec: ListenerSpec;
  readonly address: SocketAddress;
  readonly #options: ListenerSocketsOptions;
  readonly #slots: readonly Slot[];
  readonly #opening = Promise.withResolvers<void>();
  readonly #waiting: Set<number>;
  readonly #done = Promise.withResolvers<void>();
  /** Lingering: closed but for the sessions that live. Closing: nothing needs it any more. */
  #state: "listening" | "lingering" | "closing" = "listening";

  constructor(options: ListenerSocketsOptions) {
    const { descriptorsByWorker, firstNumber, spec, address } = options;
    this.spec = spec;
    this.address = address;
    this.#options = options;
    this.#slots = descriptorsByWorker.map((fd, index) => ({
      number: firstNumber + index,
      fd,
      server: null,
      isLeaving: false,
      isUnused: false,
      isClosed: false,
    }));
    this.#waiting = new Set(this.#slots.map(({ number }) => number));
    this.#slots.forEach((slot, index) => this.#serve(slot, options.standIn(index)));
  }

  get state(): "listening" | "lingering" | "closing" {
    return this.#state;
  }

  /** Resolves when all workers serve their sockets; rejects when one cannot. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  /** Resolves when all sockets are closed and the port is free. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Listens again after it was closed, which only UDP does, and gives out the right to close it. */
  listen(spec: ListenerSpec): Listener {
    if (this.#state === "lingering") {
      this.#state = "listening";
      for (const slot of this.#slots) {
        slot.isUnused = false;
        slot.server?.post({ kind: "reopen", socket: slot.number });
      }
    }
    let isOpen = true;
    const close = () => {
      if (isOpen) this.close();
      isOpen = false;
    };
    return { spec, address: this.address, close };
  }

  /** Has the sockets go by other options. Those of a listener that was closed may be gone. */
  tune(options: SocketOptions): void {
    if (this.#state !== "listening") return;
    for (const { fd } of this.#slots) tuneSocket(this.#options.libc, fd, this.spec, options);
  }

  /** Takes no new flows. */
  close(): void {
    if (this.#state !== "listening") return;
    this.#state = "lingering";
    for (const slot of this.#slots) {
      // One that is on its way from one worker to another is nobody's at this moment, and so is unused.
      if (slot.server === null || slot.isLeaving) this.#setUnused(slot);
      else slot.server.post({ kind: "close", socket: slot.number });
    }
  }

  onListening(number: number): void {
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) this.#opening.resolve();
  }

  onRefused(number: number, error: unknown): void {
    const slot = this.#slots.find((slot) => slot.number === number);
    if (slot !== undefined) slot.server = null;
    this.#opening.reject(error);
  }

  onUnused(number: number): void {
    const slot = this.#slots.find((slot) => slot.number === number);
    if (slot === undefined || this.#state === "listening") return;
    // A TCP listener has closed its socket by itself.
    if (this.spec.transport === "tcp") slot.isClosed = true;
    this.#setUnused(slot);
  }

  onReleased(number: number): void {
    const index = this.#slots.findIndex((slot) => slot.number === number);
    const slot = this.#slots[index];
    if (slot === undefined) return;
    slot.server = null;
    slot.isLeaving = false;
    if (this.#state === "listening") this.#serve(slot, this.#options.standIn(index));
    else if (slot.isUnused) this.#closeIfUnused();
  }

  /** A worker has died: its sockets go to another one, so that nobody waits in their queues. */
  onLost(worker: WorkerHandle, error: unknown): void {
    this.#slots.forEach((slot, index) => {
      if (slot.server !== worker) return;
      slot.server = null;
      slot.isLeaving = false;
      const { descriptors } = this.#options;
      const isHeld = descriptors.ownerOf(slot.fd) === ownerOf(worker.index);
      if (isHeld) descriptors.release(slot.fd);
      if (this.#state !== "listening") {
        // Its last act may have been to close it, and the number may be somebody else's by now.
        slot.isClosed = !isHeld;
        return this.#setUnused(slot);
      }
      this.#serve(slot, this.#options.standIn(index));
    });
    // Whoever takes over says that it listens. A worker that could not even begin is nothing to wait for.
    if (this.#waiting.size > 0 && !worker.isReady) this.#opening.reject(error);
  }

  /**
   * A worker has taken the place of one that had died: it gets the sockets back that were meant for it, and those that
   * nobody serves.
   */
  onRestored(worker: WorkerHandle): void {
    if (this.#state !== "listening") return;
    this.#slots.forEach((slot, index) => {
      if (slot.server === null) this.#serve(slot, this.#options.standIn(index));
    });
    const slot = this.#slots[worker.index];
    if (!slot?.server || slot.server === worker || slot.isLeaving) return;
    slot.isLeaving = true;
    slot.server.post({ kind: "release", socket: slot.number });
  }

  #serve(slot: Slot, worker: WorkerHandle | null): void {
    slot.server = worker;
    if (worker === null) return;
    const { number: socket, fd } = slot;
    this.#options.descriptors.claim(fd, ownerOf(worker.index));
    worker.post({ kind: "listen", socket, fd, spec: this.spec, address: this.address });
  }

  #setUnused(slot: Slot): void {
    slot.isUnused = true;
    this.#closeIfUnused();
  }

  /** Closes all sockets that are open once none is of use: first their workers must let go of them. */
  #closeIfUnused(): void {
    if (!this.#slots.every(({ isUnused }) => isUnused)) return;
    this.#state = "closing";
    for (const slot of this.#slots) {
      if (slot.isClosed || slot.isLeaving) continue;
      if (slot.server === null) this.#closeSocket(slot);
      else {
        slot.isLeaving = true;
        slot.server.post({ kind: "release", socket: slot.number });
      }
    }
    if (this.#slots.every(({ isClosed }) => isClosed)) this.#done.resolve();
  }

  #closeSocket(slot: Slot): void {
    const { libc, descriptors } = this.#options;
    slot.isClosed = true;
    descriptors.release(slot.fd);
    libc.close(slot.fd);
  }
}
