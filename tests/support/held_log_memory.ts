/**
 * Fills the queue of a log that nobody reads with lines put together of many parts, as those of the access log are, and
 * prints how much memory that holds.
 *
 *   deno run --v8-flags=--expose-gc held_log_memory.ts
 *
 * Prints the characters of the lines held, and the growth of the process's memory in bytes, as JSON.
 *
 * @module
 */

import { LineWriter } from "../../src/ops/line_writer.ts";

const { gc } = globalThis as unknown as { gc(): void };

const LINES = 50_000;

const writer = new LineWriter({
  write: () => new Promise(() => {}),
  reopen: () => Promise.resolve(),
  isFinal: () => false,
  close: () => {},
}, { describeDrops: String });

const before = memory();
let characters = 0;
for (let id = 0; id < LINES; id++) {
  let line = `[finish] tcp:http: 192.0.2.1:${id}`;
  for (const key of ["id", "bytes_up", "bytes_down", "duration_ms"]) line += ` ${key}=${id}`;
  characters += line.length;
  writer.write(line);
  // Lets the writer take the first of the lines.
  if (id % 100 === 0) await Promise.resolve();
}
console.log(JSON.stringify({ characters, held: memory() - before, dropped: writer.dropped }));
Deno.exit();

function memory(): number {
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
