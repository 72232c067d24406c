/**
 * A name server that is asked in the clear: over UDP, and over TCP what does not fit a datagram (RFC 1035 §4.2, RFC 7766).
 *
 * @module
 */

import type { SocketAddress } from "../../model/address.ts";
import type { HttpsResponse } from "../../proto/dns/https_query.ts";
import { formatHostPort } from "../../proto/ip.ts";
import {
  exchangeFailure,
  type HttpsResolver,
  type PreparedQuery,
  prepareQuery,
  ResolverError,
} from "./resolver.ts";

/** Times that a query is sent over UDP. */
const ATTEMPTS = 2;

/** For how long each waits, in milliseconds. */
const ATTEMPT_TIMEOUT = 2_000;

const TCP_TIMEOUT = 5_000;

/** Bytes of the length in front of each message over TCP. */
const LENGTH_PREFIX = 2;

/**
 * Makes a resolver that asks a name server by its address.
 *
 * @param attemptTimeoutMs for how long each datagram that is sent waits for an answer
 */
export function plainResolver(
  server: SocketAddress,
  attemptTimeoutMs: number = ATTEMPT_TIMEOUT,
): HttpsResolver {
  const label = formatHostPort(server);
  return {
    label,
    isEncrypted: false,
    async query(name) {
      // An ID and a port that nobody can guess (RFC 5452 §9.2); the system picks the port.
      const [id = 0] = crypto.getRandomValues(new Uint16Array(1));
      const query = prepareQuery(name, id);
      try {
        const byUdp = await askByUdp(server, query, attemptTimeoutMs);
        const response = byUdp?.isTruncated ? await askByTcp(server, query) : byUdp;
        if (response !== null) return response;
        throw new ResolverError(label, "timed out");
      } catch (error) {
        if (error instanceof ResolverError) throw error;
        throw new ResolverError(label, exchangeFailure(error), error);
      }
    },
  };
}

/** Null when no answer came. */
async function askByUdp(
  server: SocketAddress,
  query: PreparedQuery,
  timeoutMs: number,
): Promise<HttpsResponse | null> {
  for (let left = ATTEMPTS; left > 0; left--) {
    const hostname = server.host.includes(":") ? "::" : "0.0.0.0";
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const response = await within(timeoutMs, socket, async () => {
      await socket.send(query.bytes, {
        transport: "udp",
        hostname: server.host,
        port: server.port,
      });
      return await receive(socket, server, query);
    });
    if (response !== null) return response;
  }
  return null;
}

/** Waits for the response; whatever else comes is passed over. */
async function receive(
  socket: Deno.DatagramConn,
  server: SocketAddress,
  query: PreparedQuery,
): Promise<HttpsResponse> {
  while (true) {
    const [message, sender] = await socket.receive();
    if (sender.transport !== "udp") continue;
    if (sender.hostname !== server.host || sender.port !== server.port) continue;
    const response = query.read(message);
    if (response !== null) return response;
  }
}

async function askByTcp(
  { host, port }: SocketAddress,
  query: PreparedQuery,
): Promise<HttpsResponse | null> {
  const signal = AbortSignal.timeout(TCP_TIMEOUT);
  const conn = await Deno.connect({ hostname: host, port, signal });
  return await within(TCP_TIMEOUT, conn, async () => {
    const { length } = query.bytes;
    await writeAll(conn, Uint8Array.of(length >> 8, length & 0xff, ...query.bytes));
    const [high = 0, low = 0] = await readExactly(conn, LENGTH_PREFIX);
    const response = query.read(await readExactly(conn, high << 8 | low));
    if (response === null) throw new Error("what it says is no answer to the query");
    return response;
  });
}

/** Closes a socket after its use, or earlier when the time is up: the result is then null. */
async function within<Result>(
  timeoutMs: number,
  socket: { close(): void },
  use: () => Promise<Result>,
): Promise<Result | null> {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    // Nothing else ends a read that is pending.
    socket.close();
  }, timeoutMs);
  try {
    return await use();
  } catch (error) {
    if (isOver) return null;
    throw error;
  } finally {
    clearTimeout(timer);
    if (!isOver) socket.close();
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await conn.write(bytes.subarray(written));
  }
}

async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await conn.read(bytes.subarray(filled));
    if (count === null) throw new Error("it closed the connection before its answer was whole");
    filled += count;
  }
  return bytes;
}
