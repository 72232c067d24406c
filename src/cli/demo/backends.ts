/**
 * The demo's backends: small, but real servers on loopback, one for each kind of traffic.
 *
 * @module
 */

import type { Certificate } from "./certificate.ts";
import { readExactly, readLine, writeText } from "./conn_io.ts";

/** A running server; disposing of it ends it with all of its connections. */
export interface Backend extends AsyncDisposable {
  /** `127.0.0.1:port`, as a configuration names a target. */
  readonly address: string;
}

/** Answers each HTTP/1.1 or HTTP/2 request with one line of text; over TLS with a certificate. */
export function httpBackend(answer: string, certificate?: Certificate): Backend {
  const server = Deno.serve(
    { hostname: LOOPBACK, port: 0, onListen() {}, ...certificate },
    () => new Response(`${answer}\n`),
  );
  return {
    address: `${LOOPBACK}:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

/** Sends an SSH identification string (RFC 4253 §4.2), takes the client's, and has no more to say. */
export function sshBanner(software: string): Backend {
  return tcpBackend(async (conn) => {
    await writeText(conn, `SSH-2.0-${software}\r\n`);
    await readLine(conn);
  });
}

/** Greets first and waits for a farewell, as a mail server does (RFC 5321 §3.1). */
export function greeter(greeting: string): Backend {
  return tcpBackend(async (conn) => {
    await writeText(conn, `${greeting}\r\n`);
    await readLine(conn);
    await writeText(conn, "221 Bye\r\n");
  });
}

/**
 * A SOCKS5 server (RFC 1928) without authentication. Whatever destination is asked for, it connects to `destination`,
 * so that the demo is no open relay.
 */
export function socksServer(destination: Backend): Backend {
  return tcpBackend(async (client) => {
    const [, methodCount = 0] = await readExactly(client, 2);
    await readExactly(client, methodCount);
    await client.write(Uint8Array.of(5, 0));
    const [, command, , addressType] = await readExactly(client, 4);
    const addressLength = addressType === 1
      ? 4
      : addressType === 4
      ? 16
      : (await readExactly(client, 1))[0] ?? 0;
    await readExactly(client, addressLength + 2);
    if (command !== 1) {
      await client.write(socksReply(7)); // command not supported
      return;
    }
    const [hostname = "", port] = destination.address.split(":");
    using target = await Deno.connect({ hostname, port: Number(port) });
    await client.write(socksReply(0));
    await Promise.all([copy(client, target), copy(target, client)]);
  });
}

/** Returns every datagram to its sender. */
export function udpEcho(): Backend {
  return udpBackend((datagram) => datagram);
}

/**
 * Answers a WireGuard handshake initiation with a response of the right shape (whitepaper §5.4.2–3). The keys in it
 * are zeros: no tunnel comes of it.
 */
export function wireGuardResponder(): Backend {
  return udpBackend((datagram) => {
    if (datagram.length !== 148 || datagram[0] !== 1) return null;
    const response = new Uint8Array(92);
    response[0] = 2;
    response.set([0x64, 0x65, 0x6d, 0x6f], 4); // the responder's index
    response.set(datagram.subarray(4, 8), 8); // the initiator's index
    return response;
  });
}

/** Echoes every bidirectional stream of every connection. */
export function quicEcho(certificate: Certificate, alpn: string): Backend {
  const endpoint = new Deno.QuicEndpoint({ hostname: LOOPBACK, port: 0 });
  const listener = endpoint.listen({ ...certificate, alpnProtocols: [alpn] });
  const echoStreams = async (incoming: Deno.QuicIncoming) => {
    const conn = await incoming.accept();
    for await (const stream of conn.incomingBidirectionalStreams) {
      stream.readable.pipeTo(stream.writable).catch(ignore);
    }
  };
  const serving = (async () => {
    for await (const incoming of listener) echoStreams(incoming).catch(ignore);
  })().catch(ignore);
  return {
    address: `${LOOPBACK}:${endpoint.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.stop();
      endpoint.close();
      await serving;
    },
  };
}

const LOOPBACK = "127.0.0.1";

function tcpBackend(serve: (conn: Deno.Conn) => Promise<void>): Backend {
  const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const open = new Map<Deno.Conn, Promise<void>>();
  const accepting = (async () => {
    for await (const conn of listener) {
      const served = serve(conn).catch(ignore).finally(() => {
        if (open.delete(conn)) conn.close();
      });
      open.set(conn, served);
    }
  })();
  return {
    address: `${LOOPBACK}:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      const served = [...open.values()];
      for (const conn of open.keys()) conn.close();
      open.clear();
      await Promise.all(served);
    },
  };
}

function udpBackend(answer: (datagram: Uint8Array) => Uint8Array | null): Backend {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  const serving = (async () => {
    for await (const [datagram, sender] of socket) {
      const reply = answer(datagram);
      if (reply !== null) await socket.send(reply, sender).catch(ignore);
    }
  })();
  return {
    address: `${LOOPBACK}:${(socket.addr as Deno.NetAddr).port}`,
    async [Symbol.asyncDispose]() {
      socket.close();
      await serving;
    },
  };
}

/** A client that goes away in mid-answer ends its own connection only. */
function ignore(): void {}

function socksReply(code: number): Uint8Array {
  return Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  for (let count; (count = await from.read(buffer)) !== null;) {
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
  await to.closeWrite();
}
