/**
 * The loop of one worker: all that it does happens in here, in turns.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { type MessagePort as NodePort, receiveMessageOnPort } from "node:worker_threads";
import type { Snapshot } from "../../model/snapshot.ts";
import { FlowIdTable } from "../../pipeline/flow_id_table.ts";
import { AcceptPause } from "../accept_pause.ts";
import { echResources } from "../ech_resources.ts";
import { FlowLedger } from "../flow_ledger.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./control_message.ts";
import { DenoNetPermissions } from "./net_permissions.ts";
import { Poller } from "./poller.ts";
import { RemoteResolver } from "./remote_resolver.ts";
import { ServiceNumberTable } from "./service_numbers.ts";
import { SharedLimitNotice, WorkerFlowCounts } from "./shared_flow_counts.ts";
import { DescriptorTable } from "./sys/descriptor_table.ts";
import { EPOLLIN } from "./sys/layout.ts";
import type { Libc } from "./sys/libc.ts";
import { TcpResources } from "./tcp/tcp_resources.ts";
import { WaitingTasks } from "./task_queue.ts";
import { TurnClock } from "./turn_clock.ts";
import type { WorkerContext } from "./worker_context.ts";
import { WorkerMemory } from "./worker_memory.ts";
import { WorkerReports } from "./worker_reports.ts";
import { WorkerSockets } from "./worker_sockets.ts";

/** Size of the transfer buffer: as with the largest read buffer, larger ones made nothing faster. */
const BUFFER_SIZE = 256 * 1024;

/**
 * How long the loop keeps the thread to itself, in milliseconds. V8 does what it has put off only between two tasks of an
 * event loop: without such a gap no collection of the old generation ends, memory grows and the pauses of the young
 * generation come to hundreds of milliseconds. A gap costs some 12 µs.
 */
const GAP_INTERVAL = 100;

/** A drain that waits for flows to end. */
interface Drain {
  readonly id: number;
  readonly open: number;
  cut: number;
}

/**
 * A turn: wait for events, hear what the main thread says, serve the events, then timers, then what was put off, then
 * tell the main thread.
 */
export class WorkerLoop implements Disposable {
  readonly #start: WorkerStart;
  readonly #libc: Libc;
  readonly #memory: WorkerMemory;
  readonly #poller: Poller;
  readonly #descriptors: DescriptorTable;
  readonly #clock = new TurnClock();
  readonly #ready = new WaitingTasks();
  readonly #turnEnd = new WaitingTasks();
  readonly #services = new ServiceNumberTable();
  readonly #resolver: RemoteResolver;
  readonly #reports: WorkerReports;
  readonly #ledger: FlowLedger;
  readonly #tcp: TcpResources;
  readonly #sockets: WorkerSockets;
  /** Messages received so far, modulo 2³², and those of them that are yet to be followed. */
  #received = 0;
  #messages: ToWorker[] = [];
  #snapshot: Snapshot | null = null;
  #drains: Drain[] = [];
  #isStopping = false;

  /** @throws {Error} when the system has no descriptor for it */
  constructor(start: WorkerStart, libc: Libc) {
    this.#start = start;
    this.#libc = libc;
    this.#memory = new WorkerMemory(start.memory);
    this.#poller = new Poller(libc);
    this.#resolver = new RemoteResolver(
      this.#clock,
      (target) => this.#post({ kind: "resolve", target }),
    );
    this.#reports = new WorkerReports({
      memory: this.#memory,
      services: this.#services,
      clock: this.#clock,
      post: (message) => this.#post(message),
    });
    this.#ledger = new FlowLedger(this.#reports, { first: start.firstFlow, step: start.step });
    this.#reports.copy(this.#ledger);
    this.#descriptors = new DescriptorTable(start.descriptors);
    this.#tcp = new TcpResources(libc, this.#descriptors, ownerOf(start.index));
    this.#sockets = new WorkerSockets(this.#createContext(), (message) => this.#post(message));
  }

  /** Runs until the main thread says stop. What it throws is a fault of the loop itself, and the end of the worker. */
  async run(): Promise<void> {
    const { wake } = this.#start;
    this.#poller.add(wake, EPOLLIN, { onReady: () => this.#libc.readEventfd(wake) });
    this.#post({ kind: "ready" });
    for (let gapAt = 0; !this.#isStopping;) {
      this.#turn();
      if (this.#clock.now() < gapAt) continue;
      await setImmediate();
      gapAt = this.#clock.now() + GAP_INTERVAL;
    }
  }

  /** Leaves the flows and listening sockets, if there are any, to the main thread. */
  [Symbol.dispose](): void {
    this.#reports.flush();
    this.#tcp.close();
    this.#poller.close();
  }

  #turn(): void {
    this.#poller.wait(this.#isBusy() ? 0 : this.#clock.sleepMs(), this.#begin);
    this.#clock.expire();
    this.#ready.run();
    this.#turnEnd.run();
    this.#reports.flush();
    this.#endDrains();
  }

  /**
   * Whether there is something to do without an event. A message may have come after the last look at the count and
   * before the eventfd was read, and so have no event any more.
   */
  #isBusy(): boolean {
    return !this.#ready.isEmpty || !this.#turnEnd.isEmpty ||
      this.#received !== this.#memory.posted;
  }

  /** Before any event is served, so that what the main thread said before the event came is known. */
  readonly #begin = (): void => {
    this.#clock.tick();
    this.#receive();
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    for (const message of messages) this.#follow(message);
  };

  /** Takes what was posted. A snapshot counts at once, all else when the next turn begins. */
  #receive(): void {
    while (this.#received !== this.#memory.posted) {
      const received = receiveMessageOnPort(this.#start.port as unknown as NodePort);
      if (received === undefined) return;
      this.#received = this.#received + 1 | 0;
      const message: ToWorker = received.message;
      if (message.kind === "publish") this.#publish(message);
      else this.#messages.push(message);
    }
  }

  #follow(message: ToWorker): void {
    switch (message.kind) {
      case "publish":
        return this.#publish(message);
      case "listen":
        return this.#sockets.listen(message);
      case "reopen":
        return this.#sockets.reopen(message.socket);
      case "close":
        return this.#sockets.close(message.socket);
      case "release":
        return this.#sockets.release(message.socket);
      case "resolved":
        return this.#resolver.answer(message.label, message.resolution);
      case "drain":
        this.#drains.push({ id: message.drain, open: this.#ledger.size, cut: 0 });
        return;
      case "cut":
        return this.#cut(message.drain);
      case "stop":
        this.#isStopping = true;
        return;
    }
  }

  #publish({ numbered }: Extract<ToWorker, { kind: "publish" }>): void {
    this.#snapshot = numbered.snapshot;
    this.#services.add(numbered);
    this.#resolver.forget();
    this.#post({ kind: "published", oldest: numbered.oldest });
  }

  #cut(id: number): void {
    const drain = this.#drains.find((drain) => drain.id === id);
    if (drain !== undefined) drain.cut = this.#ledger.cutAll();
  }

  #endDrains(): void {
    if (this.#drains.length === 0 || this.#ledger.size > 0) return;
    const drains = this.#drains;
    this.#drains = [];
    for (const { id, open, cut } of drains) this.#post({ kind: "drained", drain: id, open, cut });
  }

  #post(message: FromWorker): void {
    this.#start.port.postMessage(message);
  }

  #currentSnapshot(): Snapshot {
    this.#receive();
    if (this.#snapshot === null) throw new Error("no snapshot was published");
    return this.#snapshot;
  }

  #createContext(): WorkerContext {
    const { flowCounts, flowIds, index } = this.#start;
    const current = () => this.#currentSnapshot();
    return {
      libc: this.#libc,
      poller: this.#poller,
      clock: this.#clock,
      ready: this.#ready,
      turnEnd: this.#turnEnd,
      ledger: this.#ledger,
      flows: new WorkerFlowCounts(flowCounts, index),
      flowIds: new FlowIdTable(flowIds, performance.timeOrigin),
      ech: echResources(this.#reports, this.#clock, this.#ledger),
      resolver: this.#resolver,
      permissions: new DenoNetPermissions(),
      events: this.#reports,
      acceptPause: new AcceptPause(this.#reports),
      tcpLimit: new SharedLimitNotice(flowCounts, "tcp", this.#reports),
      udpLimit: new SharedLimitNotice(flowCounts, "udp", this.#reports),
      buffer: new Uint8Array(new ArrayBuffer(BUFFER_SIZE)),
      tcp: this.#tcp,
      descriptors: this.#descriptors,
      owner: ownerOf(index),
      get snapshot() {
        return current();
      },
    };
  }
}

/** A worker as an owner of descriptors: 0 would be nobody. */
export function ownerOf(index: number): number {
  return index + 1;
}
