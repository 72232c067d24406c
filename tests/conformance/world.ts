/**
 * What the conformance suite needs of the world around an engine: peers, backends and time. A world of real sockets and
 * one of scripted peers with a fake clock both fit.
 *
 * @module
 */

import type { Engine, EngineOptions } from "../../src/engine/engine.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import type { Target } from "../../src/model/snapshot.ts";

/** One end of a TCP connection in the hands of a test. */
export interface TcpPeer {
  /** Some bytes as they arrive; null at the end of the stream. Throws {@linkcode PeerReset} when it was reset. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the system has taken all bytes. Throws {@linkcode PeerReset} when the other side is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the own direction (FIN); the other one stays open. */
  closeWrite(): Promise<void>;
  /** Ends both directions at once (RST). */
  reset(): void;
  /** Gives the connection up, in order where that is still possible. Harmless when it has ended. */
  close(): void;
}

/** The other side ended a connection without ending its stream. */
export class PeerReset extends Error {
  override readonly name = "PeerReset";
}

/** A TCP server that does what a test tells it to. */
export interface TcpBackend extends AsyncDisposable {
  readonly target: Target;
  /** The next connection. */
  accept(): Promise<TcpPeer>;
}

/** A datagram as it arrived. */
export interface ReceivedDatagram {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
}

/** A UDP socket in the hands of a test: a client, a backend, or somebody else. */
export interface UdpPeer {
  readonly address: SocketAddress;
  receive(): Promise<ReceivedDatagram>;
  send(data: Uint8Array, to: SocketAddress): Promise<void>;
}

/** The surroundings of one engine. Disposing of it closes all that it made. */
export interface World extends AsyncDisposable {
  createEngine(options: EngineOptions): Engine;
  startBackend(): Promise<TcpBackend>;
  connect(to: SocketAddress): Promise<TcpPeer>;
  openUdp(): Promise<UdpPeer>;
  /** An address where nobody listens: connections to it are refused at once. */
  refusingAddress(): Promise<SocketAddress>;
  /** Where a listener with a port of the world's choice can be bound. */
  readonly listenHost: string;
  /** Lets time pass. A fake clock jumps, real time is waited for. */
  pass(ms: number): Promise<void>;
}

/** Makes a world for one test. */
export type WorldFactory = () => World;
