/**
 * A name server on loopback, over UDP and TCP, that says of each name what a test wants, right or wrong.
 *
 * @module
 */

import { type DnsMessage, dnsMessage } from "./dns_builder.ts";

/** What to say of a name; left out are ID, question and flags of a good answer. Null: nothing. */
export type Answer = DnsMessage | null;

/** A running name server. */
export interface HttpsNameServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** Transports and names that were asked for, such as `udp wiki.test`. */
  readonly queries: readonly string[];
}

/** A good answer of somebody who knows by himself. */
export const AUTHORITATIVE = 0x8580;

/** The same, cut to fit. */
export const TRUNCATED = 0x8780;

/** Starts a name server. */
export function startHttpsNameServer(
  answer: (name: string, transport: "udp" | "tcp") => Answer,
): HttpsNameServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  const queries: string[] = [];
  const respond = (query: Uint8Array, transport: "udp" | "tcp") => {
    const name = nameOf(query);
    queries.push(`${transport} ${name}`);
    const said = answer(name, transport);
    if (said === null) return null;
    const id = (query[0] ?? 0) << 8 | (query[1] ?? 0);
    return dnsMessage({ id, flags: AUTHORITATIVE, name, type: 65, ...said });
  };
  const serving = [
    (async () => {
      for await (const [query, peer] of socket) {
        const response = respond(query, "udp");
        if (response !== null) await socket.send(response, peer);
      }
    })(),
    (async () => {
      for await (const conn of listener) {
        const buffer = new Uint8Array(1024);
        const length = await conn.read(buffer) ?? 0;
        const response = respond(buffer.subarray(2, length), "tcp");
        if (response !== null) {
          await conn.write(Uint8Array.of(response.length >> 8, response.length & 0xff));
          await conn.write(response);
        }
        conn.close();
      }
    })(),
  ];
  return {
    address: { host: "127.0.0.1", port },
    queries,
    async [Symbol.asyncDispose]() {
      socket.close();
      listener.close();
      await Promise.all(serving);
    },
  };
}

function nameOf(query: Uint8Array): string {
  const labels: string[] = [];
  let position = 12;
  for (let length = query[position] ?? 0; length > 0; length = query[position] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(position + 1, position + 1 + length)));
    position += 1 + length;
  }
  return labels.join(".");
}
