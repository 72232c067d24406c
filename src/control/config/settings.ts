/**
 * A configuration that has been read, checked and built.
 *
 * @module
 */

import type { Snapshot } from "../../model/snapshot.ts";
import type { ConfigIssue } from "./issues.ts";

/** Everything that a configuration file says. Durations are milliseconds. */
export interface Settings {
  /** What the data plane reads. */
  readonly snapshot: Snapshot;
  /** How long a shutdown waits for flows to end by themselves. */
  readonly drainTimeoutMs: number;
  /** Least severe events that are logged. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Form of the lines of the access log. */
  readonly accessLogFormat: "text" | "json" | "none";
  /** Which data plane to use; `auto` takes the best that there is. `native` where a service is transparent. */
  readonly engine: "auto" | "streams" | "native";
  /** Threads of the native engine; null: one for each core. */
  readonly workers: number | null;
  /** Bounds for how long a DNS answer is kept. */
  readonly dns: { readonly minTtlMs: number; readonly maxTtlMs: number };
  /** Files of keys and certificates that were read. */
  readonly files: readonly NamedFile[];
  /** What is odd but can be used, in the order of the file. */
  readonly warnings: readonly ConfigIssue[];
}

/** A file that the configuration names. */
export interface NamedFile {
  /** Name of the service whose `ech` table names it. */
  readonly service: string;
  /** As written: relative to the configuration file. */
  readonly path: string;
}
