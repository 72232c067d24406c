/**
 * The contract between the pipeline, which decides, and the engines, which move bytes.
 *
 * @module
 */

import type { SocketAddress } from "./address.ts";
import type { EchFacts } from "./ech.ts";
import type { ErrorCode } from "./errors.ts";
import type { Detected } from "./protocol.ts";
import type { Service, Snapshot, Target } from "./snapshot.ts";

/** Why a flow ended. Written to the access log as `reason=…`. */
export type EndReason =
  | "done" // both sides ended in order
  | "client_reset"
  | "target_reset"
  | "idle" // nothing moved for the idle time
  | "drained" // ended by a shutdown whose time ran out
  | "connect_failed" // no target could be reached
  | "dropped" // fits no service and there is no default target
  | "malformed" // broken beyond recognition where a default target is not configured
  | "probe_timeout" // silent or undecided too long, and no default target
  | "client_closed" // ended before a service was chosen
  | "proxy_header" // PROXY header missing, broken or late
  | "untrusted" // peer is not in tcp_trusted_proxies
  | "ech_fault" // its ECH breaks the rules: the client got an alert
  | "ech_unserved" // its ECH opened and names nothing that is served: the client got the alert unrecognized_name
  | "ech_aborted" // the client came with an old ECH configuration, and left before it could take current ones
  | "ech_retry" // the client was given current ECH configurations, and ended as it should
  | "ech_refused" // a QUIC client with an old ECH configuration, which is to get current ones over TCP
  | "limit" // tcp_max_connections or udp_max_connections reached, or too many hellos of one source that no ECH key opens
  | "error"; // the proxy's own fault, see the log

/** What a flow came to. */
export interface FlowOutcome {
  readonly reason: EndReason;
  readonly error?: ErrorCode;
}

/** What a flow begins with. */
export interface FlowInit {
  /** The configuration that the flow keeps until it ends. */
  readonly snapshot: Snapshot;
  /** Who connected, or sent. */
  readonly peer: SocketAddress;
  /** Our address that the peer spoke to. */
  readonly local: SocketAddress;
  /** A random 32-bit integer, for `load_balance = "random"`. */
  readonly seed: number;
}

/** What the engine tells a {@linkcode TcpFlow} (see pipeline/tcp_flow.ts). */
export type TcpFlowEvent =
  /** `head` is all that the client has sent so far; the view is valid until the next `data`, or the end of the flow. */
  | { readonly kind: "data"; readonly head: Uint8Array }
  | { readonly kind: "eof" }
  | { readonly kind: "reset" }
  | { readonly kind: "timeout" }
  | { readonly kind: "resolved"; readonly addresses: readonly SocketAddress[] }
  | { readonly kind: "resolveFailed"; readonly error: ErrorCode }
  | { readonly kind: "connected" }
  | { readonly kind: "connectFailed"; readonly error: ErrorCode }
  /** During `race`: the target spoke, or ended, before the client did. */
  | { readonly kind: "targetFirst" }
  /** The system has taken all of a `reply`. */
  | { readonly kind: "replied" };

/** What a TcpFlow asks of the engine; the engine answers with exactly one event, except after `relay` and `close`. */
export type TcpFlowAction =
  /**
   * Read more from the client → `data`, `eof`, `reset`, or `timeout` at `deadline`. Bytes that arrive later stay with
   * the engine. At most `max` bytes are ever held.
   */
  | { readonly kind: "read"; readonly max: number; readonly deadline: number }
  /** Find the addresses of a target → `resolved` (never empty) or `resolveFailed`. */
  | { readonly kind: "resolve"; readonly target: Target; readonly deadline: number }
  /** Connect → `connected`, `connectFailed`. Closes the target connection that the flow had before, if any. */
  | {
    readonly kind: "connect";
    readonly target: Target;
    readonly address: SocketAddress;
    /** The address to connect from: the client's where the service is transparent; null: the system chooses. */
    readonly from: SocketAddress | null;
    /** Whether the client's head, as it is, is what the target gets first, so that it may be sent with the first packet. */
    readonly early: boolean;
    readonly deadline: number;
  }
  /**
   * Write to the client, which has no target yet → `replied`, `reset`, or `timeout` at `deadline`. With `end` our
   * direction ends behind `bytes`, and a `close` that follows lets the client read them: it lingers.
   */
  | {
    readonly kind: "reply";
    /** Valid until the answer. */
    readonly bytes: Uint8Array;
    readonly end: boolean;
    readonly deadline: number;
  }
  /**
   * With a connected target, wait for who speaks first → `data` (client; head grows), `eof`, `reset`, `targetFirst`,
   * or `timeout` at `deadline`, which may be `Infinity`. The bytes of the target stay with the engine until `relay`.
   * `preface` is sent to the target before the wait: without its PROXY header no target would speak first. It comes
   * with the first `race` on a connection; the ones after it, and the `relay`, have null then.
   */
  | {
    readonly kind: "race";
    readonly preface: Uint8Array | null;
    readonly max: number;
    readonly deadline: number;
  }
  /**
   * Send `preface`, then the client's head from `headOffset` on, then relay both ways until both have ended.
   * Nothing of the pipeline is called any more, but for a `filter` until it steps out: all bytes pass through it, those
   * of the head first.
   */
  | {
    readonly kind: "relay";
    readonly preface: Uint8Array | null;
    readonly headOffset: number;
    readonly idleMs: number;
    readonly filter?: StreamFilter;
  }
  /** End the flow without a relay. Closes what is open. */
  | { readonly kind: "close"; readonly outcome: FlowOutcome };

/**
 * Sees the first bytes of both directions of a relay, or all of them, and says what is sent in their place. Never throws;
 * what it holds is bounded. The views that it returns are valid until its next call.
 */
export interface StreamFilter {
  /** Takes bytes of the client. */
  fromClient(bytes: Uint8Array): FilterOutput;
  /** Takes bytes of the target. */
  fromTarget(bytes: Uint8Array): FilterOutput;
  /** The client has ended its direction, in order. What it holds goes out before the end is passed on. */
  clientEnded(): FilterOutput;
  /** The same of the target. */
  targetEnded(): FilterOutput;
}

/** What a filter makes of what it was given. */
export interface FilterOutput {
  /** Null: nothing. */
  readonly toClient: Uint8Array | null;
  /** Null: nothing. */
  readonly toTarget: Uint8Array | null;
  /**
   * `filter`: it is to see what comes next. `raw`: both directions pass unchanged from here on, and it is not called any
   * more. Else the flow ends with this outcome, once `toClient` is written and the client has had time to read it.
   */
  readonly next: "filter" | "raw" | FlowOutcome;
}

/** What a flow knows of itself; read by the engine for the access log after the decision is made. */
export interface FlowFacts {
  /** The client: the PROXY header's source where one was taken, else the peer. */
  readonly source: SocketAddress;
  /** The address that the client spoke to, likewise. */
  readonly destination: SocketAddress;
  readonly service: Service | null;
  readonly detected: Detected | null;
  readonly target: Target | null;
  /** The address of the target in use. */
  readonly address: SocketAddress | null;
  /** What could not be reached, in the order of the attempts; left out where everything could. */
  readonly failures?: readonly TargetFailure[];
  /** What became of its ECH; left out where no service with keys was chosen by its outer hello. */
  readonly ech?: EchFacts;
}

/** A target that could not be reached, at one of its addresses at least. */
export interface TargetFailure {
  readonly service: Service;
  readonly target: Target;
  readonly error: ErrorCode;
}

/** What the engine tells a {@linkcode UdpFlow} (see pipeline/udp_flow.ts). */
export type UdpFlowEvent =
  /** All datagrams that the client has sent so far, oldest first; valid during the call. */
  | { readonly kind: "datagrams"; readonly held: readonly Uint8Array[] }
  /** `held` as with `datagrams`. */
  | { readonly kind: "timeout"; readonly held: readonly Uint8Array[] }
  | { readonly kind: "resolved"; readonly addresses: readonly SocketAddress[] }
  | { readonly kind: "resolveFailed"; readonly error: ErrorCode };

/** What a UdpFlow asks of the engine; `forward` and `drop` end the flow object's work. */
export type UdpFlowAction =
  /** Hold what came, wait for the next datagram → `datagrams`, or `timeout` at `deadline`. */
  | { readonly kind: "wait"; readonly deadline: number }
  | { readonly kind: "resolve"; readonly target: Target; readonly deadline: number }
  /** Open the session: send what is held to `address` in order, then forward both ways. `idleMs` 0 = no limit. */
  | {
    readonly kind: "forward";
    readonly target: Target;
    readonly address: SocketAddress;
    /** The address to send from: the client's where the service is transparent; null: the system chooses. */
    readonly from: SocketAddress | null;
    readonly idleMs: number;
    /** Sees the client's datagrams, those that are held first. */
    readonly filter?: DatagramFilter;
  }
  | UdpDrop;

/** Forget the flow and what it holds, after `reply` is sent to the client where there is one. */
export interface UdpDrop {
  readonly kind: "drop";
  readonly outcome: FlowOutcome;
  readonly reply?: Uint8Array<ArrayBuffer>;
}

/** Rewrites datagrams of a client for as long as its flow lives. Never throws; what it holds is bounded. */
export interface DatagramFilter {
  /** Whether it is to see a datagram that begins with this byte. All others pass unchanged. */
  sees(first: number | undefined): boolean;
  /** Takes a datagram of the client, which is only read. Returns what the target gets now, in order, for keeps. */
  push(datagram: Uint8Array): readonly Uint8Array<ArrayBuffer>[];
  /** Bytes that datagrams take which wait in it for others. */
  readonly heldBytes: number;
  /** Lets go of datagrams that wait for others, which have not come in time. */
  forgetHeld(): void;
  /** Called from time to time: lets go of what is kept for datagrams of which none has come since the last call. */
  rest(): void;
  /** How the flow is to end, once it must not go on; null until then. */
  readonly drop: UdpDrop | null;
}

/** The start of a relayed flow, or the end of any flow, as the ops side sees it. */
export interface FlowRecord extends FlowFacts {
  /** Unique within the process. */
  readonly id: number;
  readonly transport: "tcp" | "udp";
  /** Address of the listener. */
  readonly listener: SocketAddress;
  /** When the flow was accepted, milliseconds since the epoch. */
  readonly startedAt: number;
}

/** How a flow ended. */
export interface FlowEnd {
  readonly outcome: FlowOutcome;
  readonly durationMs: number;
  /** Payload bytes from the client to the target and back, without PROXY headers. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}
