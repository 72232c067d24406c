/**
 * What load programs print.
 *
 * @module
 */

/** What wrk found. */
export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

/**
 * Reads the report of wrk.
 *
 * @throws {Error} when it is none, or when more than one request in a hundred went wrong
 */
export function parseWrk(report: string): WrkResult {
  const requests = Number(/^\s*(\d+) requests in /m.exec(report)?.[1] ?? NaN);
  const requestsPerSecond = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(report)?.[1] ?? NaN);
  const errors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report) ?? [];
  const failed = [...errors.slice(1), /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? "0"]
    .reduce((sum, count) => sum + Number(count), 0);
  // A comparison with NaN is false, so that text without these lines fails as well.
  if (!(requestsPerSecond > 0) || !(failed * 100 <= requests)) {
    throw new Error(`wrk was not served:\n${report.trim()}`);
  }
  return { requests, requestsPerSecond };
}

/**
 * Reads the JSON report of iperf3: bytes that arrived, over all of its streams.
 *
 * @throws {Error} when the test did not come to its end
 */
export function parseIperf(report: string): number {
  const { end, error } = JSON.parse(report) as {
    readonly end?: { readonly sum_received?: { readonly bytes: number } };
    readonly error?: string;
  };
  const bytes = end?.sum_received?.bytes ?? 0;
  if (error !== undefined || bytes === 0) throw new Error(`iperf3 failed: ${error ?? "no bytes"}`);
  return bytes;
}

/**
 * Reads what a load program of ours counted.
 *
 * @throws {Error} when one of `numbers` is missing
 */
export function parseCounts<Name extends string>(
  output: string,
  ...numbers: readonly Name[]
): Record<Name, number> {
  const counts = JSON.parse(output) as Record<Name, unknown>;
  const missing = numbers.find((name) => typeof counts[name] !== "number");
  if (missing !== undefined) throw new Error(`No "${missing}" in ${output}`);
  return counts as Record<Name, number>;
}
