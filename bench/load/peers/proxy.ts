/**
 * What is measured: a proxy and how it is told what to do.
 *
 * @module
 */

/**
 * What a proxy has to do:
 *
 * - `tcp` hands every connection to the backend, whatever it carries,
 * - `bulk` is the same for much data, of which the CPU time is what counts,
 * - `idle` is the same with thousands of connections at a time,
 * - `udp` relays datagrams with a session for each client,
 * - `sni` picks the backend by the server name in the TLS ClientHello: {@linkcode SERVER_NAME} goes to the backend, and
 *   {@linkcode OTHER_NAME} to a port where nobody answers,
 * - `ech` is the same for the first of them, with a key for ECH.
 */
export type Task = "tcp" | "bulk" | "idle" | "udp" | "sni" | "ech";

/** The server name that load carries. */
export const SERVER_NAME = "www.example.com";
/** One that is routed elsewhere. */
export const OTHER_NAME = "www.example.org";
/** Where that goes: discard, which is not open. */
export const OTHER_PORT = 9;

/** Most connections that a scenario opens, with some to spare. */
export const MAX_CONNECTIONS = 9_000;

/** An order to a proxy: ports are on 127.0.0.1. */
export interface Job {
  readonly task: Task;
  /** An empty folder. */
  readonly dir: string;
  readonly listen: number;
  readonly backend: number;
}

/** How to serve a job. */
export interface SetUp {
  /** Text by name of files to write into the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Runs in the foreground. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A proxy under test. */
export interface Proxy {
  readonly name: string;
  /** Whether it is an engine of this project. */
  readonly ours: boolean;
  /** Program that must be installed; null for ourselves. */
  readonly program: string | null;
  /** Arguments with which the program says its version. */
  readonly versionArgs: readonly string[];
  readonly tasks: readonly Task[];
  /** Whether CPU time goes with processes that end while it is measured, so that it cannot be known. */
  readonly losesCpuTime?: boolean;
  setUp(job: Job): SetUp;
}
