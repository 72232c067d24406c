/**
 * TCP backend that reads what a client says first, answers with a TLS alert and closes: what a TLS server does that
 * cannot agree with its client.
 *
 *   deno run --allow-ffi short_connection_backend.ts PORT
 *
 * @module
 */

import { libc } from "../linux/libc.ts";
import { listenTcp, receive, send } from "../linux/socket.ts";

/** A fatal `handshake_failure` (RFC 8446 §6). */
const ALERT = new Uint8Array([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]);

const listener = listenTcp(Number(Deno.args[0]));
const buffer = new Uint8Array(16_384);
// Nothing here waits but `accept`: it returns connections whose first bytes have come.
while (true) {
  const fd = libc.accept4(listener, null, null, 0);
  if (fd < 0) continue;
  receive(fd, buffer);
  send(fd, ALERT);
  libc.close(fd);
}
