/**
 * The backend of the soak test, in a process of its own. Listens on a free port of all loopback addresses, prints it,
 * and prints at the end of its standard input how many connections it had and how many of them brought wrong bytes.
 *
 * @module
 */

import net from "node:net";
import { decodeErrand, type Errand, ERRAND_LENGTH, isPayload } from "./errand.ts";
import { sendPayload } from "./send_payload.ts";

let connections = 0;
let wrong = 0;

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, serve);
server.listen({ host: "0.0.0.0", port: 0, backlog: 4_096 }, () => {
  console.log((server.address() as net.AddressInfo).port);
});

for await (const _ of Deno.stdin.readable);
console.log(JSON.stringify({ connections, wrong }));
Deno.exit(0);

function serve(socket: net.Socket): void {
  connections++;
  let beginning = new Uint8Array(0);
  socket.on("error", () => {}); // resets are part of the test; bytes that are missing are seen by the client
  socket.once("end", () => {
    if (beginning.length < ERRAND_LENGTH) socket.end(); // broken off before it could say what it wants
  });
  const begin = (chunk: Uint8Array) => {
    const joined = new Uint8Array(beginning.length + chunk.length);
    joined.set(beginning);
    joined.set(chunk, beginning.length);
    beginning = joined;
    if (beginning.length < ERRAND_LENGTH) return;
    socket.off("data", begin);
    run(socket, decodeErrand(beginning), beginning.subarray(ERRAND_LENGTH));
  };
  socket.on("data", begin);
}

function run(socket: net.Socket, errand: Errand, first: Uint8Array): void {
  switch (errand.kind) {
    case "echo":
    case "stall":
    case "clientReset":
      return echo(socket, errand, first, Infinity);
    case "targetReset":
      return echo(socket, errand, first, errand.breakAt);
    case "digest":
      return receive(socket, errand, first, () => answer(socket, errand));
    case "halfClose":
      receive(socket, errand, first, () => {});
      return answer(socket, errand);
  }
}

/** Sends back what comes, up to a byte at which the connection is reset. */
function echo(socket: net.Socket, { seed }: Errand, first: Uint8Array, breakAt: number): void {
  let received = 0;
  const take = (chunk: Uint8Array) => {
    if (!isPayload(seed, received, chunk)) wrong++;
    received += chunk.length;
    if (received > breakAt) socket.resetAndDestroy();
    else if (!socket.write(chunk)) socket.pause();
  };
  socket.on("data", take);
  socket.on("drain", () => socket.resume());
  socket.on("end", () => breakAt === Infinity ? socket.end() : socket.resetAndDestroy());
  if (first.length > 0) take(first);
}

/** Sends bytes of its own, and ends its direction. */
function answer(socket: net.Socket, { seed, length }: Errand): void {
  sendPayload(socket, ~seed, 0, length, () => socket.end());
}

/** Reads to the end, which must come after `length` right bytes. */
function receive(
  socket: net.Socket,
  { seed, length }: Errand,
  first: Uint8Array,
  then: () => void,
): void {
  let received = 0;
  const take = (chunk: Uint8Array) => {
    if (!isPayload(seed, received, chunk)) wrong++;
    received += chunk.length;
  };
  socket.on("data", take);
  socket.on("end", () => {
    if (received !== length) wrong++;
    then();
  });
  take(first);
}
