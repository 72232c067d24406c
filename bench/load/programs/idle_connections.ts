/**
 * Connections to 127.0.0.1 that have moved a few bytes both ways and then are silent.
 *
 *   deno run --allow-net idle_connections.ts PORT
 *
 * Reads from its input, line by line, how many there shall be, and answers each line with the same once they are. Its
 * end of input ends it.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";

const port = Number(Deno.args[0]);
const MESSAGE = new TextEncoder().encode("Are you there?\n");

const held: Deno.Conn[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  while (held.length < Number(line)) held.push(await openIdle());
  console.log(line);
}

async function openIdle(): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(MESSAGE);
  const buffer = new Uint8Array(MESSAGE.length);
  for (let received = 0; received < MESSAGE.length;) {
    const read = await connection.read(buffer);
    if (read === null) throw new Error(`Connection ${held.length + 1} was closed`);
    received += read;
  }
  return connection;
}
