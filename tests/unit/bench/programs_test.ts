import assert from "node:assert/strict";
import { parseCounts } from "../../../bench/load/load_output.ts";
import { type Command, freePort, run, Running } from "../../../bench/load/processes.ts";
import { programArgs } from "../../../bench/load/programs.ts";
import { needs } from "../../support/needs.ts";

const TIMEOUT_MS = 30_000;

function program(name: string, ...args: (string | number)[]): Command {
  return { args: programArgs(name, ...args), cpus: null };
}

needs("Linux")("udp_round_trips.ts counts what udp_echo_backend.ts sends back", async () => {
  const port = freePort();
  await using _backend = await Running.start(program("udp_echo_backend", port), {
    port,
    transport: "udp",
  });
  const output = await run(program("udp_round_trips", port, 0.3, 300), TIMEOUT_MS);
  assert.ok(parseCounts(output, "roundTrips").roundTrips > 300);
});

needs("Linux")("udp_round_trips.ts sends from as many addresses as there are clients", async () => {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  using _closing = { [Symbol.dispose]: () => socket.close() };
  const { port } = socket.addr as Deno.NetAddr;
  const load = run(program("udp_round_trips", port, 0.3, 16), TIMEOUT_MS);
  const senders = new Set<string>();
  for (let datagram = 0; datagram < 96; datagram++) {
    const [bytes, from] = await socket.receive();
    assert.equal(bytes.length, 200);
    senders.add((from as Deno.NetAddr).hostname);
  }
  assert.equal(senders.size, 16);
  assert.equal(parseCounts(await load, "roundTrips").roundTrips, 0);
});

needs("Linux")(
  "short_connections.ts counts connections that short_connection_backend.ts answers",
  async () => {
    const port = freePort();
    await using _backend = await Running.start(program("short_connection_backend", port), {
      port,
      transport: "tcp",
    });
    for (const serverName of [[], ["www.example.com"]]) {
      const args = program("short_connections", port, 0.2, 4, ...serverName);
      const { connections, failed } = parseCounts(
        await run(args, TIMEOUT_MS),
        "connections",
        "failed",
      );
      assert.ok(connections >= 4);
      assert.equal(failed, 0);
    }
  },
);

needs("Linux")("short_connections.ts counts connections without an answer as failed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const load = program("short_connections", listener.addr.port, 0.2, 4);
  const { connections, failed } = parseCounts(await run(load, TIMEOUT_MS), "connections", "failed");
  assert.equal(connections, 0);
  assert.ok(failed >= 4);
  listener.close();
  await closing;
});

needs("Linux")(
  "http_open_loop.ts counts the time of requests that a stall holds up, sent or not",
  async () => {
    const stall = 400;
    const connections = 4;
    let requests = 0;
    let stalled = Promise.resolve();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async () => {
        // Each connection is used once beforehand; then everything stops for a while.
        if (++requests === connections + 1) {
          stalled = new Promise((resolve) => setTimeout(resolve, stall));
        }
        await stalled;
        return new Response("hello\n");
      },
    );
    const load = program("http_open_loop", server.addr.port, 0.5, 1_000, connections);
    const output = await run(load, TIMEOUT_MS);
    const { requests: due, p99, max } = parseCounts(output, "requests", "p99", "max");
    assert.equal(due, 500);
    assert.ok(max >= p99);
    // Four requests of 500 were under way in the stall, which p99 would not show: the others were only due.
    assert.ok(p99 >= stall * 1_000 / 2, `p99 is ${p99} µs`);
  },
);
