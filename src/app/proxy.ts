/**
 * What a running proxy offers to the one who started it.
 *
 * @module
 */

import type { DrainReport, EngineStats } from "../engine/engine.ts";
import type { Transport } from "../model/protocol.ts";

/** An address that a proxy listens on. */
export interface BoundAddress {
  /** TCP or UDP. */
  readonly transport: Transport;
  /** IP address in canonical form. */
  readonly host: string;
  /** The real port, 1–65535. */
  readonly port: number;
}

/** What came of a reload; `failed` changed nothing. */
export type ReloadOutcome =
  | { readonly kind: "applied"; readonly generation: number }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly error: unknown };

/** A running proxy. Disposing of it cuts all flows; {@linkcode Proxy.drain} lets them end first. */
export interface Proxy extends AsyncDisposable {
  /** Where it listens now. */
  readonly addresses: readonly BoundAddress[];
  /** Counters of the data plane. */
  stats(): EngineStats;
  /** Reads the configuration file again and re-opens the log files. Never rejects. */
  reload(): Promise<ReloadOutcome>;
  /**
   * Stops accepting, lets flows end, and cuts what is left.
   *
   * @param timeoutMs how long flows may go on, in milliseconds; default: `drain_timeout`
   */
  drain(timeoutMs?: number): Promise<DrainReport>;
  /** Resolves when the proxy has ended, whoever ended it. */
  readonly finished: Promise<DrainReport>;
}
