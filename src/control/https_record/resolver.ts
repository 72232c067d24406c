/**
 * Asking name servers for HTTPS records. Deno's and Node's own resolvers do not know the type.
 *
 * @module
 */

import {
  decodeHttpsResponse,
  encodeHttpsQuery,
  type HttpsResponse,
} from "../../proto/dns/https_query.ts";

/** Somebody who can be asked. */
export interface HttpsResolver {
  /** Such as `192.0.2.53:53` or `https://dns.example/dns-query`. */
  readonly label: string;
  /** Whether nobody on the way can read what is asked. */
  readonly isEncrypted: boolean;
  /**
   * Asks for the HTTPS record of a name.
   *
   * @param name canonical name of a host
   * @throws {ResolverError} when there is no answer
   */
  query(name: string): Promise<HttpsResponse>;
}

/** There is no answer; the message says from whom and why. */
export class ResolverError extends Error {
  override readonly name = "ResolverError";

  constructor(label: string, reason: string, cause?: unknown) {
    super(`Cannot ask "${label}": ${reason}`, { cause });
  }
}

/** Asks one after the other until one answers. */
export function firstThatAnswers(resolvers: readonly HttpsResolver[]): HttpsResolver {
  return {
    label: resolvers.map(({ label }) => label).join(", "),
    isEncrypted: resolvers.every(({ isEncrypted }) => isEncrypted),
    async query(name) {
      let last: unknown = new Error("There is no name server to ask");
      for (const resolver of resolvers) {
        try {
          return await resolver.query(name);
        } catch (error) {
          if (!(error instanceof ResolverError)) throw error;
          last = error;
        }
      }
      throw last;
    },
  };
}

/** A query as bytes, and how its response is told from others. */
export interface PreparedQuery {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Null for what is no response to this query. */
  read(message: Uint8Array): HttpsResponse | null;
}

/** Prepares a query. */
export function prepareQuery(name: string, id: number): PreparedQuery {
  const query = { id, name };
  return {
    bytes: encodeHttpsQuery(query),
    read: (message) => decodeHttpsResponse(message, query),
  };
}

/** Why an exchange came to nothing, in words. */
export function exchangeFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return "not permitted by --allow-net";
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused";
  if (error instanceof DOMException && error.name === "TimeoutError") return "timed out";
  return error instanceof Error ? error.message : String(error);
}
