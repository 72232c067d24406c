/**
 * UDP load: keeps datagrams of 200 bytes in flight to 127.0.0.1 and counts those that come back, spread over clients
 * that each have an address of their own (127.1.0.1 and on), so that one socket can send for all of them in one call.
 *
 *   deno run --allow-ffi udp_round_trips.ts PORT SECONDS CLIENTS
 *
 * Prints `{"roundTrips": …, "lost": …, "seconds": …}`.
 *
 * @module
 */

import { DatagramBatch } from "../linux/datagram_batch.ts";
import { bindUdp, LOOPBACK, socketAddress } from "../linux/socket.ts";

const SIZE = 200;
/** Datagrams under way: as many as a socket's receive buffer of 208 KiB holds, the system's default. */
const IN_FLIGHT = 96;
/** Milliseconds after which a datagram is given up and another sent in its place. */
const LOST_AFTER = 200;
const FIRST_CLIENT = 0x7f010001;

const [port = 0, seconds = 0, clients = 0] = Deno.args.map(Number);
const proxy = socketAddress(LOOPBACK, port);
const fd = bindUdp(0, 20);

const batch = new DatagramBatch(IN_FLIGHT, SIZE);
for (let slot = 0; slot < IN_FLIGHT; slot++) batch.setPeer(slot, proxy);

/** A datagram carries which of those in flight it is and how many went before it in that place. */
const turn = new Uint32Array(IN_FLIGHT);
const sentAt = new Float64Array(IN_FLIGHT);
let nextClient = 0;
let roundTrips = 0;
let lost = 0;

function prepare(slot: number, place: number, now: number): void {
  turn[place]!++;
  sentAt[place] = now;
  batch.payload.setUint32(slot * SIZE, place);
  batch.payload.setUint32(slot * SIZE + 4, turn[place]!);
  batch.setLocalAddress(slot, FIRST_CLIENT + nextClient);
  nextClient = (nextClient + 1) % clients;
}

const start = performance.now();
const end = start + seconds * 1_000;
let now = start;
for (let place = 0; place < IN_FLIGHT; place++) prepare(place, place, now);
batch.send(fd, IN_FLIGHT);
let checkAt = start + LOST_AFTER;
while (now < end) {
  const received = batch.receive(fd);
  now = performance.now();
  let ready = 0;
  for (let slot = 0; slot < received; slot++) {
    const place = batch.payload.getUint32(slot * SIZE);
    const late = batch.payload.getUint32(slot * SIZE + 4) !== turn[place];
    if (late || batch.received(slot) !== SIZE) continue;
    roundTrips++;
    // Slots in front of this one have been read, so that it does not matter what was in them.
    prepare(ready++, place, now);
  }
  if (now >= checkAt) {
    checkAt = now + LOST_AFTER / 4;
    for (let place = 0; place < IN_FLIGHT && ready < IN_FLIGHT; place++) {
      if (now - sentAt[place]! < LOST_AFTER) continue;
      lost++;
      prepare(ready++, place, now);
    }
  }
  if (ready > 0) batch.send(fd, ready);
}
console.log(JSON.stringify({ roundTrips, lost, seconds: (now - start) / 1_000 }));
