/**
 * What the main thread and its workers say to each other.
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { Resolution } from "../../model/resolver.ts";
import type { ListenerSpec, Target } from "../../model/snapshot.ts";
import type { EngineNotice } from "../engine.ts";
import type { FlowReport } from "./flow_report.ts";
import type { NumberedSnapshot } from "./service_numbers.ts";

/** What a worker begins with. */
export interface WorkerStart {
  /** Where {@linkcode ToWorker} comes from and {@linkcode FromWorker} goes to. */
  readonly port: MessagePort;
  /** An eventfd that is written when there is something at the port: the main thread's. */
  readonly wake: number;
  /** What this worker shares with the main thread: see {@linkcode WorkerMemory}. */
  readonly memory: SharedArrayBuffer;
  /** What it shares with all workers: see {@linkcode flowCountMemory}. */
  readonly flowCounts: SharedArrayBuffer;
  /** What all workers know UDP flows by: see {@linkcode flowIdMemory}. */
  readonly flowIds: SharedArrayBuffer;
  /** See {@linkcode DescriptorTable}. */
  readonly descriptors: SharedArrayBuffer;
  /** Position among the workers, from 0. */
  readonly index: number;
  /** Which number its first flow has; the next is `step` higher. */
  readonly firstFlow: number;
  readonly step: number;
}

/** What a worker is told; listening sockets are called by a number of the main thread's. */
export type ToWorker =
  /** → `published` */
  | { readonly kind: "publish"; readonly numbered: NumberedSnapshot }
  /** Serve a listening socket, whose descriptor is the worker's from now on. → `listening` or `refused` */
  | {
    readonly kind: "listen";
    readonly socket: number;
    readonly fd: number;
    readonly spec: ListenerSpec;
    readonly address: SocketAddress;
  }
  /** Take new flows again: UDP only. */
  | { readonly kind: "reopen"; readonly socket: number }
  /** Take no new flows. → `unused` */
  | { readonly kind: "close"; readonly socket: number }
  /** Leave the socket to somebody else. → `released` */
  | { readonly kind: "release"; readonly socket: number }
  | { readonly kind: "resolved"; readonly label: string; readonly resolution: Resolution }
  /** Tell when no flow is open any more. → `drained` */
  | { readonly kind: "drain"; readonly drain: number }
  /** Cut what is open. */
  | { readonly kind: "cut"; readonly drain: number }
  /** → `stopped` */
  | { readonly kind: "stop" };

/** What a worker tells. */
export type FromWorker =
  | { readonly kind: "ready" }
  /** Numbers of services below `oldest` are used no more. */
  | { readonly kind: "published"; readonly oldest: number }
  | { readonly kind: "listening"; readonly socket: number }
  | { readonly kind: "refused"; readonly socket: number; readonly error: unknown }
  /** No flow needs the socket: that of a TCP listener is closed, that of a UDP one lives on until `release`. */
  | { readonly kind: "unused"; readonly socket: number }
  | { readonly kind: "released"; readonly socket: number }
  | { readonly kind: "resolve"; readonly target: Target }
  | { readonly kind: "notice"; readonly notice: EngineNotice }
  /** There are reports in the ring. */
  | { readonly kind: "reports" }
  /** A report that the ring cannot take. */
  | { readonly kind: "flow"; readonly report: FlowReport }
  /** `open` flows were there when the drain began, `cut` of them were cut for it. */
  | {
    readonly kind: "drained";
    readonly drain: number;
    readonly open: number;
    readonly cut: number;
  }
  | { readonly kind: "stopped" }
  /** The loop met a fault of its own and has ended. */
  | { readonly kind: "crashed"; readonly error: unknown };
