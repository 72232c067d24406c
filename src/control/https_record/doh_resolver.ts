/**
 * A name server that is asked over HTTPS (RFC 8484), so that nobody on the way learns the names.
 *
 * @module
 */

import { MAX_DATAGRAM } from "../../model/limits.ts";
import {
  exchangeFailure,
  type HttpsResolver,
  type PreparedQuery,
  prepareQuery,
  ResolverError,
} from "./resolver.ts";

/** For one exchange, in milliseconds. */
const TIMEOUT = 5_000;

const MEDIA_TYPE = "application/dns-message";

/** Makes a resolver of a URL, which may be a template that ends in `{?dns}`. */
export function dohResolver(template: string): HttpsResolver {
  const url = template.replace(/\{\?dns\}$/, "");
  return {
    label: url,
    isEncrypted: true,
    async query(name) {
      // The ID is zero, for caches (RFC 8484 §4.1): nothing has to be guessed here.
      const query = prepareQuery(name, 0);
      try {
        const response = query.read(await post(url, query));
        if (response !== null) return response;
      } catch (error) {
        throw new ResolverError(url, exchangeFailure(error), error);
      }
      throw new ResolverError(url, "what it says is no answer to the query");
    },
  };
}

async function post(url: string, query: PreparedQuery): Promise<Uint8Array> {
  const response = await fetch(url, {
    method: "POST",
    headers: { accept: MEDIA_TYPE, "content-type": MEDIA_TYPE },
    body: query.bytes,
    // A name must not go to where nobody was asked about.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const type = response.headers.get("content-type");
  if (response.ok && type === MEDIA_TYPE && response.body !== null) {
    return await readBody(response.body);
  }
  await response.body?.cancel();
  throw new Error(
    response.ok
      ? `it answers with ${type ?? "no content type"}, not with ${MEDIA_TYPE}`
      : `it answers with status ${response.status}`,
  );
}

/** All of a body that is not longer than a message of DNS can be. */
async function readBody(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const message = new Uint8Array(MAX_DATAGRAM);
  let length = 0;
  for await (const chunk of body) {
    if (length + chunk.length > message.length) throw new Error("its answer is too long");
    message.set(chunk, length);
    length += chunk.length;
  }
  return message.subarray(0, length);
}
