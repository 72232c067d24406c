/**
 * HTTP load at a fixed rate to 127.0.0.1, and how long the answers take.
 *
 *   deno run --allow-ffi http_open_loop.ts PORT SECONDS RATE CONNECTIONS
 *
 * The load is open: request number i is due at `start + i / RATE`, whatever became of those before it, and its time
 * counts from when it was due, not from when it could be sent. One that has to wait for a free connection has waited for
 * its answer, too; one without an answer at the end counts with the time until then. So an answer that is late makes no
 * request disappear (no "coordinated omission"), which is what happens when a client waits for one before it asks again.
 *
 * Prints `{"requests": …, "unanswered": …, "p50": …, "p99": …, "max": …, "seconds": …}`, times in microseconds.
 *
 * @module
 */

import { Epoll } from "../linux/epoll.ts";
import { libc } from "../linux/libc.ts";
import { connectTcp, LOOPBACK, receive, send, socketAddress } from "../linux/socket.ts";
import { percentile } from "../report/statistics.ts";

/** How long answers are waited for after the last request was due, in milliseconds. */
const GRACE = 1_000;
/** prctl(2): waits may end this many nanoseconds late; by default it is 50,000. */
const PR_SET_TIMERSLACK = 29;

const [port = 0, seconds = 0, rate = 0, connections = 0] = Deno.args.map(Number);
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

libc.prctl(PR_SET_TIMERSLACK, 1n, 0n, 0n, 0n);
const buffer = new Uint8Array(65_536);
const proxy = socketAddress(LOOPBACK, port);
const epoll = new Epoll();
const fds = Array.from({ length: connections }, (_, index) => {
  const fd = connectTcp(proxy);
  epoll.add(fd, index);
  return fd;
});

/** Each connection is used once beforehand: it is relayed then, and how long an answer is, is known. */
const answerLength = Math.max(...fds.map((fd) => {
  send(fd, REQUEST);
  return receive(fd, buffer);
}));
const answer = new TextDecoder().decode(buffer.subarray(0, answerLength));
if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`Not an answer with status 200: ${answer}`);

const total = Math.floor(rate * seconds);
const interval = 1_000 / rate;
const times = new Float64Array(total);
/** For each connection: when its request was due, and how many bytes of the answer are yet to come (0: it is free). */
const dueAt = new Float64Array(connections);
const missing = new Uint32Array(connections);
/** Connections that are free, as a ring, so that all get their turn. */
const free = Uint32Array.from(fds.keys());
let freeHead = 0;
let freeCount = connections;

let next = 0;
let answered = 0;
let now = performance.now();
const start = now + interval;
const end = start + seconds * 1_000 + GRACE;
while (answered < total && now < end) {
  while (next < total && freeCount > 0 && start + next * interval <= now) {
    const connection = free[freeHead]!;
    freeHead = (freeHead + 1) % connections;
    freeCount--;
    dueAt[connection] = start + next++ * interval;
    missing[connection] = answerLength;
    send(fds[connection]!, REQUEST);
  }
  const wakeAt = next < total && freeCount > 0 ? start + next * interval : end;
  const ready = epoll.wait(wakeAt - performance.now());
  now = performance.now();
  for (let nth = 0; nth < ready; nth++) {
    const connection = epoll.index(nth);
    const read = receive(fds[connection]!, buffer);
    if (read <= 0) throw new Error("A connection was closed");
    missing[connection] = Math.max(0, missing[connection]! - read);
    if (missing[connection] > 0) continue;
    times[answered++] = now - dueAt[connection]!;
    free[(freeHead + freeCount++) % connections] = connection;
  }
}

const unanswered = total - answered;
let filled = answered;
for (const [connection, bytes] of missing.entries()) {
  if (bytes > 0) times[filled++] = now - dueAt[connection]!;
}
for (; next < total; next++) times[filled++] = now - (start + next * interval);
times.sort();
const microseconds = (share: number) => percentile(times, share) * 1_000;
console.log(JSON.stringify({
  requests: total,
  unanswered,
  p50: microseconds(0.5),
  p99: microseconds(0.99),
  max: microseconds(1),
  seconds: (now - start) / 1_000,
}));
