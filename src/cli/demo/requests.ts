/**
 * The demo's clients: one real request of each of its protocols through the proxy.
 *
 * @module
 */

import { readExactly, readLine, readText, writeText } from "./conn_io.ts";

/** How a client introduces itself in its ClientHello. */
export interface Hello {
  readonly sni: string;
  readonly alpn: string;
}

/** What a request came to. */
export interface Answer {
  /** First line that the backend answered. */
  readonly text: string;
  /** Source port of the client: by it the proxy's record of the flow is found. */
  readonly localPort: number;
}

/** One client. `send` speaks to the proxy at 127.0.0.1:`port`, and rejects when there is no answer. */
export interface DemoRequest {
  readonly title: string;
  readonly transport: "tcp" | "udp";
  readonly hello: Hello | null;
  /** What the right backend answers. */
  readonly expected: string;
  send(port: number): Promise<Answer>;
}

/** A GET over HTTP/1.1. */
export function httpRequest(expected: string): DemoRequest {
  return tcpRequest("HTTP", expected, (conn) => get(conn, LOOPBACK));
}

/** The same over TLS; `trusted` is the server's certificate. */
export function httpsRequest(hello: Hello, trusted: string, expected: string): DemoRequest {
  return tcpRequest("TLS", expected, async (conn) => {
    const options = { hostname: hello.sni, alpnProtocols: [hello.alpn], caCerts: [trusted] };
    using tls = await Deno.startTls(conn, options);
    return await get(tls, hello.sni);
  }, hello);
}

/** Sends an SSH identification string and reads the server's. */
export function sshRequest(expected: string): DemoRequest {
  return tcpRequest("SSH", expected, async (conn) => {
    await writeText(conn, "SSH-2.0-demo_client\r\n");
    return await readLine(conn) ?? "";
  });
}

/** Asks a SOCKS5 proxy for a connection to `demo.test:80`, and sends a GET over it. */
export function socksRequest(expected: string): DemoRequest {
  return tcpRequest("SOCKS5", expected, async (conn) => {
    await conn.write(Uint8Array.of(5, 1, 0)); // one method: no authentication
    await readExactly(conn, 2);
    const name = new TextEncoder().encode("demo.test");
    await conn.write(Uint8Array.of(5, 1, 0, 3, name.length, ...name, 0, 80));
    const [, reply] = await readExactly(conn, 10);
    if (reply !== 0) throw new Error(`The SOCKS5 server answered with code ${reply}`);
    return await get(conn, "demo.test");
  });
}

/** Says nothing and waits to be greeted. */
export function silentRequest(expected: string): DemoRequest {
  return tcpRequest(
    "server speaks first",
    expected,
    async (conn) => await readLine(conn) ?? "",
  );
}

/** Sends one datagram of no known protocol. */
export function udpRequest(text: string): DemoRequest {
  return udpRequestOf("other UDP", new TextEncoder().encode(text), text, decode);
}

/** Sends a WireGuard handshake initiation, all zeros but for its type and the sender's index. */
export function wireGuardRequest(): DemoRequest {
  const initiation = new Uint8Array(148);
  initiation[0] = 1;
  initiation.set(SENDER_INDEX, 4);
  const expected = "handshake response";
  return udpRequestOf("WireGuard", initiation, expected, (reply) => {
    const isResponse = reply.length === 92 && reply[0] === 2 &&
      SENDER_INDEX.every((byte, index) => reply[8 + index] === byte);
    return isResponse ? expected : `${reply.length} unexpected bytes`;
  });
}

/** Sends text over a bidirectional stream of a QUIC connection and reads its echo. */
export function quicRequest(hello: Hello, trusted: string, text: string): DemoRequest {
  return {
    title: "QUIC",
    transport: "udp",
    hello,
    expected: text,
    async send(port) {
      const endpoint = new Deno.QuicEndpoint({ hostname: LOOPBACK, port: 0 });
      try {
        const conn = await Deno.connectQuic({
          hostname: LOOPBACK,
          port,
          endpoint,
          serverName: hello.sni,
          alpnProtocols: [hello.alpn],
          caCerts: [trusted],
        });
        const stream = await conn.createBidirectionalStream();
        const writer = stream.writable.getWriter();
        await writer.write(new TextEncoder().encode(text));
        await writer.close();
        const answer = await new Response(stream.readable).text();
        conn.close();
        return { text: answer, localPort: endpoint.addr.port };
      } finally {
        endpoint.close();
      }
    },
  };
}

const LOOPBACK = "127.0.0.1";
const SENDER_INDEX = [0x72, 0x70, 0x78, 0x79];

function tcpRequest(
  title: string,
  expected: string,
  talk: (conn: Deno.TcpConn) => Promise<string>,
  hello: Hello | null = null,
): DemoRequest {
  return {
    title,
    transport: "tcp",
    hello,
    expected,
    async send(port) {
      using conn = await Deno.connect({ hostname: LOOPBACK, port });
      conn.setNoDelay(true); // else the time shown is that of delayed acknowledgements
      const localPort = conn.localAddr.port;
      return { text: await talk(conn), localPort };
    },
  };
}

function udpRequestOf(
  title: string,
  datagram: Uint8Array,
  expected: string,
  read: (reply: Uint8Array) => string,
): DemoRequest {
  return {
    title,
    transport: "udp",
    hello: null,
    expected,
    async send(port) {
      const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
      try {
        await socket.send(datagram, { transport: "udp", hostname: LOOPBACK, port });
        const [reply] = await socket.receive();
        return { text: read(reply), localPort: (socket.addr as Deno.NetAddr).port };
      } finally {
        socket.close();
      }
    },
  };
}

/** Sends a GET and returns the body of the answer. */
async function get(conn: Deno.Conn, host: string): Promise<string> {
  await writeText(conn, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [, body = ""] = (await readText(conn)).split("\r\n\r\n");
  return body.trimEnd();
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
