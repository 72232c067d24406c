/**
 * Load of short connections to 127.0.0.1: each sends its first bytes, reads to the end and closes. A number of them is
 * kept open; the oldest is seen to first.
 *
 *   deno run --allow-ffi short_connections.ts PORT SECONDS AT_ONCE [SERVER_NAME]
 *
 * With a server name the first bytes are a TLS ClientHello that carries it, without one a few bytes of text. Prints
 * `{"connections": …, "failed": …, "seconds": …}`; a connection without an answer of a byte at least has failed.
 *
 * @module
 */

import { buildClientHello, toRecords } from "../../../tests/support/client_hello_builder.ts";
import { libc } from "../linux/libc.ts";
import { connectTcp, LOOPBACK, receiveAll, send, socketAddress } from "../linux/socket.ts";

const [port = 0, seconds = 0, atOnce = 0] = Deno.args.slice(0, 3).map(Number);
const proxy = socketAddress(LOOPBACK, port);
const serverName = Deno.args[3];
const firstBytes = serverName === undefined
  ? new TextEncoder().encode("hello\n")
  : browserHello(serverName);

/** Of the size that browsers send: with a post-quantum key share, which is not a key. */
function browserHello(serverName: string): Uint8Array<ArrayBuffer> {
  const hello = buildClientHello({
    serverName,
    alpn: ["h2", "http/1.1"],
    supportedVersions: [0x0304, 0x0303],
    keyShareLength: 1216,
  });
  return new Uint8Array(toRecords(hello, [16_384]));
}

function open(): number {
  const fd = connectTcp(proxy);
  send(fd, firstBytes);
  return fd;
}

const buffer = new Uint8Array(4_096);

/** Reads to the end; false where nothing came before it. */
function finish(fd: number): boolean {
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
  if (finish(oldestFirst[oldest]!)) connections++;
  else failed++;
  oldestFirst[oldest] = open();
  oldest = (oldest + 1) % atOnce;
  now = performance.now();
}
console.log(JSON.stringify({ connections, failed, seconds: (now - start) / 1_000 }));
