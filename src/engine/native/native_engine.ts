/**
 * The engine that is made for speed: system calls of Linux, one thread for each core.
 *
 * @module
 */

import { MAX_WORKERS } from "../../model/limits.ts";
import type { ListenerSpec, Snapshot, Target } from "../../model/snapshot.ts";
import { formatHostPort } from "../../proto/ip.ts";
import type { DrainReport, Engine, EngineOptions, EngineStats, Listener } from "../engine.ts";
import type { FromWorker } from "./control_message.ts";
import { ListenerSockets } from "./listener_sockets.ts";
import { DenoNetPermissions } from "./net_permissions.ts";
import { openSockets } from "./open_sockets.ts";
import { DescriptorTable } from "./sys/descriptor_table.ts";
import { type Libc, openLibc } from "./sys/libc.ts";
import { startWorkerThread } from "./worker.ts";
import { WorkerCrew } from "./worker_crew.ts";
import { WorkerDrains } from "./worker_drains.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** How the native engine is made. */
export interface NativeEngineOptions extends EngineOptions {
  /** How many threads move bytes, at least 1. */
  readonly workers: number;
  /** Starts the thread of a worker; left out: {@linkcode startWorkerThread}. */
  readonly startThread?: () => Worker;
}

/**
 * Needs `--allow-ffi`, `--allow-read` of its own files, and net as the `streams` engine does, though not for what UDP
 * clients are answered from. Whether this system is fit for it, {@linkcode nativeSupport} tells.
 */
export class NativeEngine implements Engine {
  readonly name = "native";
  readonly workers: number;
  readonly #options: NativeEngineOptions;
  readonly #libc: Libc;
  readonly #permissions = new DenoNetPermissions();
  readonly #descriptors: DescriptorTable;
  readonly #crew: WorkerCrew;
  readonly #drains: WorkerDrains;
  readonly #listeners = new Set<ListenerSockets>();
  #nextSocket = 1;
  #snapshot: Snapshot | null = null;
  #isEnding = false;
  #isDisposed = false;

  /** @throws {NativeUnavailable} where it cannot be had */
  constructor(options: NativeEngineOptions) {
    this.#options = options;
    this.workers = Math.min(options.workers, MAX_WORKERS);
    this.#libc = openLibc();
    this.#descriptors = DescriptorTable.create(this.#libc.descriptorLimit());
    this.#crew = new WorkerCrew({
      libc: this.#libc,
      descriptors: this.#descriptors,
      size: this.workers,
      startThread: options.startThread ?? startWorkerThread,
      events: options.events,
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onLost: (worker, error) => this.#onLost(worker, error),
      onRestored: (worker) => {
        for (const listener of this.#listeners) listener.onRestored(worker);
      },
    });
    this.#drains = new WorkerDrains(this.#crew);
  }

  publish(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#crew.publish(snapshot);
    for (const listener of this.#listeners) listener.tune(snapshot.sockets);
  }

  async listen(spec: ListenerSpec): Promise<Listener> {
    const snapshot = this.#snapshot;
    if (snapshot === null) throw new Error("publish() must be called before listen()");
    if (!this.#permissions.allows(spec.address)) {
      throw new Deno.errors.NotCapable(
        `Requires net access to "${formatHostPort(spec.address)}"`,
      );
    }
    const neighbours = this.#neighbours(spec);
    const lingering = neighbours.find(({ state, address }) =>
      state === "lingering" && spec.transport === "udp" && address.host === spec.address.host
    );
    if (lingering !== undefined) return lingering.listen(spec);
    // Sockets that were closed hold their port until their workers have done so.
    const closing = neighbours.filter(({ state }) => isOnItsWayOut(spec, state));
    await Promise.all(closing.map(({ done }) => done));
    if (this.#isEnding) throw noLongerListening();
    return await this.#open(spec, snapshot);
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener.close();
    const report = await this.#drains.drain(timeoutMs);
    await Promise.all(listeners.map(({ done }) => done));
    return report;
  }

  stats(): EngineStats {
    return this.#crew.stats();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    await this.drain(0);
    await this.#crew.stop();
    if (!this.#isDisposed) this.#libc[Symbol.dispose]();
    this.#isDisposed = true;
  }

  async #open(spec: ListenerSpec, { sockets }: Snapshot): Promise<Listener> {
    const others = this.#neighbours(spec).map(({ address }) => address);
    const { descriptors, address } = openSockets({
      libc: this.#libc,
      count: this.workers,
      spec,
      others,
      options: sockets,
    });
    const listener = new ListenerSockets({
      libc: this.#libc,
      descriptors: this.#descriptors,
      spec,
      address,
      descriptorsByWorker: descriptors,
      firstNumber: this.#nextSocket,
      standIn: (index) => this.#crew.standIn(index),
    });
    this.#nextSocket += this.workers;
    this.#listeners.add(listener);
    listener.done.then(() => this.#listeners.delete(listener));
    try {
      await listener.opened;
    } catch (error) {
      listener.close();
      throw error;
    }
    if (listener.state !== "listening") throw noLongerListening();
    return listener.listen(spec);
  }

  /** Our listeners with the same transport and port. */
  #neighbours({ transport, address: { port } }: ListenerSpec): ListenerSockets[] {
    return [...this.#listeners].filter(({ spec, address }) =>
      spec.transport === transport && address.port === port
    );
  }

  #onMessage(worker: WorkerHandle, message: FromWorker): void {
    switch (message.kind) {
      case "listening":
        return this.#forListeners((listener) => listener.onListening(message.socket));
      case "refused":
        return this.#forListeners((listener) => listener.onRefused(message.socket, message.error));
      case "unused":
        return this.#forListeners((listener) => listener.onUnused(message.socket));
      case "released":
        return this.#forListeners((listener) => listener.onReleased(message.socket));
      case "resolve":
        return this.#resolve(worker, message.target);
      case "drained":
        return this.#drains.onDrained(worker, message);
    }
  }

  #onLost(worker: WorkerHandle, error: unknown): void {
    this.#forListeners((listener) => listener.onLost(worker, error));
    this.#drains.onLost(worker);
  }

  #forListeners(tell: (listener: ListenerSockets) => void): void {
    for (const listener of this.#listeners) tell(listener);
  }

  #resolve(worker: WorkerHandle, target: Target): void {
    const { label } = target;
    this.#options.resolver.resolve(target).then((resolution) => {
      worker.post({ kind: "resolved", label, resolution });
    });
  }
}

/** A drain closes listeners that are yet to open as well. */
function noLongerListening(): Error {
  return new Error("No longer listening: the engine is drained");
}

/** UDP sockets that linger still serve sessions; those of TCP only wait to be closed. */
function isOnItsWayOut(
  { transport }: ListenerSpec,
  state: ListenerSockets["state"],
): boolean {
  return state === "closing" || (state === "lingering" && transport === "tcp");
}
