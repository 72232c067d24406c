/**
 * What the parts of one worker of the native engine share.
 *
 * A worker is one thread with one loop, which yields to the runtime between turns alone, and seldom: so nothing in here
 * or behind it may use a promise, `setTimeout`, or anything else that is asynchronous.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { Transport } from "../../model/protocol.ts";
import type { ListenerSpec, Snapshot } from "../../model/snapshot.ts";
import type { EngineEchResources } from "../ech_resources.ts";
import type { FlowIdTable } from "../../pipeline/flow_id_table.ts";
import type { AcceptPause } from "../accept_pause.ts";
import type { Clock } from "../clock.ts";
import type { EngineEvents } from "../engine.ts";
import type { FlowLedger } from "../flow_ledger.ts";
import type { LimitNotice } from "../limit_notice.ts";
import type { TargetLookUp } from "../target_look_up.ts";
import type { Poller } from "./poller.ts";
import type { DescriptorTable } from "./sys/descriptor_table.ts";
import type { Libc } from "./sys/libc.ts";
import type { TcpResources } from "./tcp/tcp_resources.ts";

/** Made once for a worker. */
export interface WorkerContext {
  readonly libc: Libc;
  readonly poller: Poller;
  /** `now()` is the time at which the turn began: it costs nothing. */
  readonly clock: Clock;
  /** Work to go on with in the next turn, so that one busy connection does not starve the others. */
  readonly ready: TaskQueue;
  /** Work for the end of this turn: batches of datagrams, reports. */
  readonly turnEnd: TaskQueue;
  /**
   * The books of this worker, copied to shared memory with every report and at the end of each turn. A flow's entry is
   * closed before its descriptors are: who sees a connection end must find that in the counters.
   */
  readonly ledger: FlowLedger;
  /** Flows that are open over all workers. */
  readonly flows: SharedFlowCounts;
  /** What the UDP flows of all workers are known by beside the client's address. */
  readonly flowIds: FlowIdTable;
  /** What flows of this worker need to serve ECH. */
  readonly ech: EngineEchResources;
  /** Asks the main thread for what it does not know. */
  readonly resolver: TargetLookUp;
  readonly permissions: NetPermissions;
  /** Notices go to the main thread. Flows are reported through the ledger. */
  readonly events: EngineEvents;
  /** What all TCP connections of this worker share; closed with the worker. */
  readonly tcp: TcpResources;
  readonly acceptPause: AcceptPause;
  readonly tcpLimit: Pick<LimitNotice, "turnedAway">;
  readonly udpLimit: Pick<LimitNotice, "turnedAway">;
  /** The one transfer buffer; its contents do not survive the call that filled it. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** Who owns which descriptor: what a worker opens it enters here, so that it is closed should the worker die. */
  readonly descriptors: DescriptorTable;
  /** This worker as an owner in {@linkcode WorkerContext.descriptors}. */
  readonly owner: number;
  /**
   * What new flows go by; its `sockets` has the socket options. To be read for each flow after the system has handed it
   * over (`accept4`, `recvmmsg`): then a flow that came after `publish()` returned never sees the snapshot before.
   */
  readonly snapshot: Snapshot;
}

/** Something that a {@linkcode TaskQueue} runs. An exception ends the worker: tasks catch their own faults. */
export interface Task {
  run(): void;
}

/** Tasks in order. Each runs once for each time that it was put in. */
export interface TaskQueue {
  later(task: Task): void;
}

/** How many flows are open over all workers, for the limits. */
export interface SharedFlowCounts {
  /** Those open now; this worker's flows are counted by {@linkcode SharedFlowCounts.enter}. */
  active(transport: Transport): number;
  /** Counts a flow of this worker. Returns how many are open now, this one included. */
  enter(transport: Transport): number;
  /** A flow that was counted has ended, or was turned away. */
  leave(transport: Transport): void;
}

/** What Deno was told that the process may reach, for system calls know nothing of it. */
export interface NetPermissions {
  /** Whether `--allow-net` lets us reach this address; where not, the error is `not_permitted`. */
  allows(address: SocketAddress): boolean;
}

/** What a listening socket that a worker was handed is made of. The descriptor is the worker's from then on. */
export interface WorkerSocketOptions {
  readonly context: WorkerContext;
  readonly fd: number;
  readonly spec: ListenerSpec;
  /** The bound address: the port is the real one. */
  readonly address: SocketAddress;
}

/**
 * A listening TCP socket. Constructor: `(options: WorkerSocketOptions)`.
 */
export interface WorkerTcpListener {
  /** Accepts and serves what the system has queued, then closes the descriptor: all within this call. */
  close(): void;
  /** Stops to accept and leaves the descriptor open: another worker goes on with it. */
  release(): void;
}

/**
 * A UDP socket and the sessions of its clients. Constructor: `(options: WorkerSocketOptions & { onUnused: () => void })`;
 * it takes new flows from then on.
 *
 * The sockets of all workers on one address are one SO_REUSEPORT group, and the system picks the socket of a datagram by
 * its place in the group: were one closed, datagrams of sessions that live would go astray. So a port does not close its
 * descriptor by itself; whoever made it does so after `release()`, when the ports of all workers are unused.
 */
export interface WorkerUdpPort {
  /** Takes new flows again after `close()`. */
  listen(): void;
  /**
   * Takes no new flows any more; sessions go on. Calls `onUnused` when none is left: at once, or with the end of the last
   * one, unless `listen()` was called meanwhile.
   */
  close(): void;
  /** Cuts all sessions, takes the descriptor out of the poller and leaves it open. */
  release(): void;
}
