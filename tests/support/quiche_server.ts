/**
 * A small HTTP/3 server that has each client prove its address by the token of a Retry packet (RFC 9000 §8.1.2), which no
 * other server at hand can be told to do.
 *
 * QUIC and TLS are quiche's, which is built on BoringSSL and so knows ECH; of HTTP/3 (RFC 9114) it has what one page takes.
 *
 * @module
 */

import { createRequire } from "node:module";
import type { Certificate } from "../../src/cli/demo/certificate.ts";
import { concat } from "./client_hello_builder.ts";
import { QUICHE } from "./npm_programs.ts";

/** A running server. */
export interface QuicheServer extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
}

/**
 * Starts a server that answers any request with the page that `makePage` makes for the server name of the hello. Needs
 * `quiche`.
 */
export function startQuicheServer(
  certificate: Certificate,
  makePage: (sni: string) => string,
): QuicheServer {
  const quiche = createRequire(import.meta.url)(QUICHE) as Quiche;
  const encode = (text: string) => new TextEncoder().encode(text);
  const config = quiche.Config.withBoringSslCtx(
    false,
    false,
    null,
    [encode(certificate.key)],
    [encode(certificate.cert)],
    null,
  );
  config.setApplicationProtos(["h3"]);
  config.setMaxIdleTimeout(10_000);
  config.setInitialMaxData(1_000_000);
  config.setInitialMaxStreamDataBidiRemote(100_000);
  config.setInitialMaxStreamDataUni(100_000);
  config.setInitialMaxStreamsBidi(10);
  config.setInitialMaxStreamsUni(10);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const local = { host: "127.0.0.1", port };
  const connections = new Map<string, Http3Connection>();

  const receive = async (datagram: Uint8Array, from: Deno.NetAddr) => {
    const header = quiche.Header.fromSlice(datagram, ID_LENGTH);
    const id = header.dcid.toHex();
    let connection = connections.get(id);
    if (connection === undefined) {
      if (header.ty !== quiche.Type.Initial) return;
      if ((header.token?.length ?? 0) === 0) {
        // The token tells which ID the client chose, and which it is to use from now on.
        const out = new Uint8Array(1500);
        const newId = crypto.getRandomValues(new Uint8Array(ID_LENGTH));
        const { scid, dcid, version } = header;
        const length = quiche.retry(scid, dcid, newId, header.dcid, version, out);
        await socket.send(out.subarray(0, length), from);
        return;
      }
      const remote = { host: from.hostname, port: from.port };
      const conn = quiche.Connection.accept(header.dcid, header.token, local, remote, config);
      connection = new Http3Connection(conn, makePage, (bytes) => socket.send(bytes, from));
      connections.set(id, connection);
    }
    await connection.receive(datagram, { host: from.hostname, port: from.port }, local);
  };

  const serving = (async () => {
    for await (const [datagram, from] of socket) {
      // What is no QUIC of ours is nobody's.
      await receive(datagram, from as Deno.NetAddr).catch(() => {});
    }
  })();
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const connection of connections.values()) connection.stop();
      socket.close();
      await serving;
    },
  };
}

/** Length of the connection IDs that the server gives. */
const ID_LENGTH = 16;

/** Streams of the server's (RFC 9114 §6.2.1): the control stream is its first unidirectional one. */
const CONTROL_STREAM = 3;
/** Type of a control stream, then SETTINGS without any (RFC 9114 §7.2.4). */
const CONTROL = Uint8Array.of(0x00, 0x04, 0x00);
/** HEADERS with `:status: 200` from the static table: no dynamic one is needed (RFC 9204 §4.5.2, appendix A). */
const HEADERS = Uint8Array.of(0x01, 0x03, 0x00, 0x00, 0xc0 | 25);

class Http3Connection {
  readonly #conn: QuicheConnection;
  readonly #makePage: (sni: string) => string;
  readonly #send: (bytes: Uint8Array) => Promise<number>;
  readonly #scratch = new Uint8Array(65536);
  readonly #answered = new Set<number>();
  #hasControl = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(
    conn: QuicheConnection,
    makePage: (sni: string) => string,
    send: (bytes: Uint8Array) => Promise<number>,
  ) {
    this.#conn = conn;
    this.#makePage = makePage;
    this.#send = send;
  }

  async receive(datagram: Uint8Array, from: Host, to: Host): Promise<void> {
    this.#conn.recv(datagram, { from, to });
    if (this.#conn.isEstablished()) this.#serve();
    await this.#flush();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #serve(): void {
    const conn = this.#conn;
    if (!this.#hasControl) {
      conn.streamSend(CONTROL_STREAM, CONTROL, false);
      this.#hasControl = true;
    }
    for (const stream of conn.readable()) {
      let isWhole = false;
      for (let read; (read = conn.streamRecv(stream, this.#scratch)) !== null;) {
        if (read[1]) isWhole = true;
        if (read[1] || read[0] === 0) break;
      }
      // Requests come on streams that the client opens both ways (RFC 9000 §2.1).
      if (isWhole && stream % 4 === 0 && !this.#answered.has(stream)) {
        this.#answered.add(stream);
        const body = new TextEncoder().encode(this.#makePage(conn.serverName() ?? ""));
        const data = Uint8Array.of(0x00, 0x40 | body.length >> 8, body.length & 0xff);
        conn.streamSend(stream, concat(HEADERS, data, body), true);
      }
    }
  }

  async #flush(): Promise<void> {
    for (let sent; (sent = this.#conn.send(this.#scratch)) !== null;) {
      await this.#send(this.#scratch.slice(0, sent[0])).catch(() => 0);
    }
    clearTimeout(this.#timer);
    const wait = this.#conn.timeout();
    if (wait === null || this.#isStopped || this.#conn.isClosed()) return;
    this.#timer = setTimeout(async () => {
      this.#conn.onTimeout();
      await this.#flush();
    }, wait);
  }
}

/** What is used of the bindings. */
interface Quiche {
  readonly Type: { readonly Initial: number };
  readonly Config: {
    withBoringSslCtx(
      verifyPeer: boolean,
      verifyAllowFail: boolean,
      ca: null,
      key: Uint8Array[],
      cert: Uint8Array[],
      sigalgs: null,
    ): QuicheConfig;
  };
  readonly Header: {
    fromSlice(data: Uint8Array, dcidLength: number): {
      readonly ty: number;
      readonly version: number;
      readonly dcid: Uint8Array;
      readonly scid: Uint8Array;
      readonly token?: Uint8Array;
    };
  };
  readonly Connection: {
    accept(
      scid: Uint8Array,
      odcid: Uint8Array | undefined,
      local: Host,
      remote: Host,
      config: QuicheConfig,
    ): QuicheConnection;
  };
  retry(
    scid: Uint8Array,
    dcid: Uint8Array,
    newScid: Uint8Array,
    token: Uint8Array,
    version: number,
    out: Uint8Array,
  ): number;
}

interface Host {
  readonly host: string;
  readonly port: number;
}

interface QuicheConfig {
  setApplicationProtos(protocols: string[]): void;
  setMaxIdleTimeout(milliseconds: number): void;
  setInitialMaxData(bytes: number): void;
  setInitialMaxStreamDataBidiRemote(bytes: number): void;
  setInitialMaxStreamDataUni(bytes: number): void;
  setInitialMaxStreamsBidi(count: number): void;
  setInitialMaxStreamsUni(count: number): void;
}

interface QuicheConnection {
  recv(data: Uint8Array, info: { readonly from: Host; readonly to: Host }): number;
  send(into: Uint8Array): [number, unknown] | null;
  streamRecv(stream: number, into: Uint8Array): [number, boolean] | null;
  streamSend(stream: number, data: Uint8Array, fin: boolean): number | null;
  readable(): Iterable<number>;
  timeout(): number | null;
  onTimeout(): void;
  serverName(): string | null;
  isEstablished(): boolean;
  isClosed(): boolean;
}
