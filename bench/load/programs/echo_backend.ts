/**
 * TCP backend that sends back what it reads and keeps every connection open.
 *
 *   deno run --allow-net echo_backend.ts PORT
 *
 * @module
 */

const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
for await (const connection of listener) void echo(connection);

async function echo(connection: Deno.Conn): Promise<void> {
  using held = connection;
  const buffer = new Uint8Array(256);
  try {
    for (let read; (read = await held.read(buffer)) !== null;) {
      for (let sent = 0; sent < read;) sent += await held.write(buffer.subarray(sent, read));
    }
  } catch {
    // The proxy was ended.
  }
}
