/**
 * UDP backend: sends every datagram back to where it came from.
 *
 *   deno run --allow-ffi udp_echo_backend.ts PORT
 *
 * @module
 */

import { DatagramBatch } from "../linux/datagram_batch.ts";
import { bindUdp } from "../linux/socket.ts";

const fd = bindUdp(Number(Deno.args[0]), 0);
const batch = new DatagramBatch(64, 200);
while (true) batch.send(fd, batch.receive(fd));
