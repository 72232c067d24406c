/**
 * What can go wrong with a flow, as one closed list that the data plane returns and the control plane throws.
 *
 * @module
 */

/** Who a failure is to be laid at. */
export type ErrorSource = "client" | "target" | "proxy";

/** Facts about an error code that policy reads, so that it never parses a message. */
export interface ErrorInfo {
  readonly source: ErrorSource;
  /** Whether another target may succeed where this one failed. */
  readonly retryable: boolean;
  /** The words for a person, without a full stop: they end a sentence such as `Cannot connect to "…": `. */
  readonly message: string;
}

/** All codes of the data plane. */
export const ERRORS = {
  connection_refused: { source: "target", retryable: true, message: "connection refused" },
  connect_timeout: {
    source: "target",
    retryable: true,
    message: "no answer within the connect timeout",
  },
  host_unreachable: { source: "target", retryable: true, message: "host unreachable" },
  network_unreachable: { source: "target", retryable: true, message: "network unreachable" },
  name_not_resolved: { source: "target", retryable: true, message: "name cannot be resolved" },
  not_permitted: { source: "proxy", retryable: true, message: "not permitted by --allow-net" },
  too_many_files: { source: "proxy", retryable: false, message: "too many open files" },
  address_not_available: { source: "proxy", retryable: true, message: "address not available" },
  connection_reset: { source: "client", retryable: false, message: "connection reset by peer" },
  io_error: { source: "proxy", retryable: true, message: "input/output error" },
} as const satisfies Record<string, ErrorInfo>;

/** A failure that the data plane can name. */
export type ErrorCode = keyof typeof ERRORS;
