/**
 * A configuration that has been read, checked and built.
 *
 * @module
 */

import type { Snapshot } from "../../model/snapshot.ts";
import type { ConfigIssue } from "./issues.ts";

/** Everything that a configuration file says. Durations are milliseconds. */
export interface Settings {
  /** What the data plane reads; the one who publishes it counts the generation. */
  readonly snapshot: Omit<Snapshot, "generation">;
  /** How long a shutdown waits for flows to end by themselves. */
  readonly drainTimeoutMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly accessLogFormat: "text" | "json";
  readonly engine: "auto" | "streams";
  /** Bounds for how long a DNS answer is kept. */
  readonly dns: { readonly minTtlMs: number; readonly maxTtlMs: number };
  /** What is odd but can be used, in the order of the file. */
  readonly warnings: readonly ConfigIssue[];
}
