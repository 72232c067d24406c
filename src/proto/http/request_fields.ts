/**
 * What is read of an HTTP request beyond its version.
 *
 * @module
 */

/** Host and path; null for what the client did not send, or what cannot be a name. */
export interface RequestFields {
  readonly host: string | null;
  readonly path: string | null;
  /** Bytes that this rests on. */
  readonly consumed: number;
}
