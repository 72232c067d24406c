/**
 * What can go wrong with a flow, as one closed list that engines and the name look-up return.
 *
 * @module
 */

/** Facts about an error code that policy reads, so that it never parses a message. */
export interface ErrorInfo {
  /** Whether another target may succeed where this one failed. */
  readonly retryable: boolean;
  /** The words for a person, without a full stop: they end a sentence such as `Cannot connect to "…": `. */
  readonly message: string;
}

/** All codes of the data plane. */
export const ERRORS = {
  connection_refused: { retryable: true, message: "connection refused" },
  connect_timeout: { retryable: true, message: "no answer within the connect timeout" },
  host_unreachable: { retryable: true, message: "host unreachable" },
  network_unreachable: { retryable: true, message: "network unreachable" },
  name_not_resolved: { retryable: true, message: "name cannot be resolved" },
  not_permitted: { retryable: true, message: "not permitted by --allow-net" },
  too_many_files: { retryable: false, message: "too many open files" },
  address_not_available: { retryable: true, message: "address not available" },
  connection_reset: { retryable: false, message: "connection reset by peer" },
  io_error: { retryable: true, message: "input/output error" },
} as const satisfies Record<string, ErrorInfo>;

/** A failure that the data plane can name. */
export type ErrorCode = keyof typeof ERRORS;
