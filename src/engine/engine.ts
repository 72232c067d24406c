/**
 * What every engine offers and what it is given. An engine owns sockets; it decides nothing: the pipeline does.
 *
 * @module
 */

import type { SocketAddress } from "../model/address.ts";
import type { EndReason, FlowEnd, FlowRecord } from "../model/flow.ts";
import type { TargetResolver } from "../model/resolver.ts";
import type { ListenerSpec, Snapshot } from "../model/snapshot.ts";

/** Something an operator should know that belongs to no single flow. */
export interface EngineNotice {
  readonly event:
    | "accept_paused"
    | "accept_resumed"
    | "tcp_limit_reached"
    | "udp_limit_reached"
    | "ech_limit_reached"
    | "listener_failed"
    | "worker_failed"
    | "worker_restarted"
    | "reports_lost"
    | "flow_fault";
  readonly message: string;
  readonly listener?: SocketAddress;
  readonly error?: unknown;
}

/** Where an engine reports to. Calls are synchronous and must return fast and never throw. */
export interface EngineEvents {
  /** A flow has a target and is about to be relayed. */
  flowStarted(record: FlowRecord): void;
  /** A flow ended; also called for flows that never started. */
  flowFinished(record: FlowRecord, end: FlowEnd): void;
  notice(notice: EngineNotice): void;
  /**
   * Which flows are worth a report: all of them, or those alone that met a target which could not be reached. An engine
   * may report more than that. Left out: all.
   */
  wanted?(): "all" | "failures";
}

/** What an engine is made of. */
export interface EngineOptions {
  readonly resolver: TargetResolver;
  readonly events: EngineEvents;
}

/** A bound socket. */
export interface Listener {
  readonly spec: ListenerSpec;
  /** The bound address: the port is the real one where the spec says 0. */
  readonly address: SocketAddress;
  /** Stops accepting; flows that began go on. */
  close(): void;
}

/** Counters of an engine; `active` ones fall, the others only rise. */
export interface EngineStats {
  /** TCP connections that are open. */
  readonly tcpActive: number;
  /** UDP flows, decided or not. */
  readonly udpActive: number;
  /** TCP connections accepted so far. */
  readonly tcpAccepted: number;
  /** UDP sessions forwarded so far. */
  readonly udpSessions: number;
  /** UDP flows that have no target yet: their protocol is sought, or a name is resolved. */
  readonly udpUndecided: number;
  /** Bytes of datagrams held for undecided UDP flows. */
  readonly heldDatagramBytes: number;
  /** Datagrams of decided flows that were dropped, as no socket or queue had room or no way was wide enough for them. */
  readonly datagramsLost: number;
  /** Payload bytes from clients to targets. */
  readonly bytesUp: number;
  /** Payload bytes from targets to clients. */
  readonly bytesDown: number;
  /** Flows whose ECH was opened. */
  readonly echAccepted: number;
  /** Flows whose ECH was for one of our configurations, and that no key opened. */
  readonly echRejected: number;
  /** Flows whose ECH was for no configuration of ours. */
  readonly echGrease: number;
  /** Flows whose ECH broke a rule or named nothing that is served. */
  readonly echFaults: number;
  /** Hellos that were not tried to be opened, as their source had too many that failed. */
  readonly echLimited: number;
  /** Timers armed right now. */
  readonly timers: number;
  /** Ended flows by reason. */
  readonly ended: Readonly<Partial<Record<EndReason, number>>>;
}

/** What was left when a drain ended. */
export interface DrainReport {
  /** Flows that ended by themselves. */
  readonly finished: number;
  /** Flows that were cut at the deadline. */
  readonly cut: number;
}

/** A data plane. */
export interface Engine extends AsyncDisposable {
  /** As in `engine = "streams"`. */
  readonly name: string;
  /** Threads of its own that move bytes; left out where it has none. */
  readonly workers?: number;
  /**
   * Binds and starts to accept. {@linkcode Engine.publish} must have been called before.
   *
   * @throws {Error} as the system reports it when the address cannot be bound
   */
  listen(spec: ListenerSpec): Promise<Listener>;
  /** New flows see this snapshot; old ones keep the one that they began with. */
  publish(snapshot: Snapshot): void;
  /** Closes all listeners, lets flows end, cuts what is left after `timeoutMs`. */
  drain(timeoutMs: number): Promise<DrainReport>;
  stats(): EngineStats;
}
