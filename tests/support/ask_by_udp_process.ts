/**
 * A program for a network namespace: sends a datagram and prints the answer. As datagrams may be lost it asks again and
 * again; whoever runs it sees to it that it ends.
 *
 *   deno run --allow-net ask_by_udp_process.ts HOST PORT
 *
 * @module
 */

const [hostname = "", port] = Deno.args;
const socket = Deno.listenDatagram({
  transport: "udp",
  hostname: hostname.includes(":") ? "::" : "0.0.0.0",
  port: 0,
});
const ask = () =>
  socket.send(new Uint8Array(1), { transport: "udp", hostname, port: Number(port) });
await ask();
const timer = setInterval(ask, 1_000);
const [answer] = await socket.receive();
clearInterval(timer);
socket.close();
console.log(new TextDecoder().decode(answer).trimEnd());
