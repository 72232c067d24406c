/**
 * Load of short connections to 127.0.0.1: each sends its first bytes, reads to the end and closes. A number of them is
 * kept open; the oldest is seen to first.
 *
 *   deno run --allow-ffi short_connections.ts PORT SECONDS AT_ONCE [SERVER_NAME [SHARE [CONFIG_ID]]]
 *
 * With a server name the first bytes are a TLS ClientHello that carries it, without one a few bytes of text. With SHARE,
 * one of so many connections is another one, which is not counted: with ECH for a config_id where one is given, which no
 * key opens. Prints `{"connections": …, "failed": …, "seconds": …}`; a connection without an answer of a byte at least has
 * failed.
 *
 * @module
 */

import { buildClientHello, toRecords } from "../../../tests/support/client_hello_builder.ts";
import { greaseHello } from "../../../tests/support/ech_client.ts";
import { libc } from "../linux/libc.ts";
import { connectTcp, LOOPBACK, receiveAll, send, socketAddress } from "../linux/socket.ts";

const [port = 0, seconds = 0, atOnce = 0] = Deno.args.slice(0, 3).map(Number);
const proxy = socketAddress(LOOPBACK, port);
const [serverName, share, configId] = Deno.args.slice(3);
const firstBytes = serverName === undefined
  ? new TextEncoder().encode("hello\n")
  : browserHello(serverName);

/** One of how many connections is another one; of no number where nothing is said of them. */
const otherOf = share === undefined ? Infinity : Number(share);
const otherBytes = browserHello(serverName ?? "", configId);

/** Of the size that browsers send: with a post-quantum key share, which is not a key. */
function browserHello(serverName: string, configId?: string): Uint8Array<ArrayBuffer> {
  const spec = {
    serverName,
    alpn: ["h2", "http/1.1"],
    supportedVersions: [0x0304, 0x0303],
    keyShareLength: 1216,
  };
  const hello = configId === undefined
    ? buildClientHello(spec)
    : greaseHello(Number(configId), { spec });
  return new Uint8Array(toRecords(hello, [16_384]));
}

/** A connection, and whether it counts. */
interface Connection {
  readonly fd: number;
  readonly counts: boolean;
}

let opened = 0;

function open(): Connection {
  const counts = ++opened % otherOf !== 0;
  const fd = connectTcp(proxy);
  send(fd, counts ? firstBytes : otherBytes);
  return { fd, counts };
}

const buffer = new Uint8Array(4_096);

/** Reads to the end; false where nothing came before it. */
function finish({ fd }: Connection): boolean {
  const read = receiveAll(fd, buffer);
  libc.close(fd);
  return read > 0;
}

let connections = 0;
let failed = 0;
const start = performance.now();
const end = start + seconds * 1_000;
const oldestFirst = Array.from({ length: atOnce }, open);
let oldest = 0;
let now = start;
while (now < end) {
  const connection = oldestFirst[oldest]!;
  const isAnswered = finish(connection);
  // Others may be turned away.
  if (connection.counts && isAnswered) connections++;
  else if (connection.counts) failed++;
  oldestFirst[oldest] = open();
  oldest = (oldest + 1) % atOnce;
  now = performance.now();
}
console.log(JSON.stringify({ connections, failed, seconds: (now - start) / 1_000 }));
