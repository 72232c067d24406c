/**
 * A program with an engine that waits for HTTP requests and relays them, and says what it notices: run by a test
 * with few descriptors.
 *
 *   deno run -A few_descriptors_engine.ts BACKEND_PORT ENGINE_NAME
 *
 * Prints the port that it listens on, then the events of its notices, a line each, until it is killed.
 *
 * @module
 */

import { engineNamed } from "../conformance/engines.ts";
import { protocolRoutes, service, snapshot, target } from "./snapshot_builder.ts";

const LONG = 600_000;

const engine = engineNamed(Deno.args[1]).create({
  resolver: {
    peek: ({ host, port }) => [{ host, port }],
    resolve: () => Promise.resolve({ kind: "failed", error: "name_not_resolved" }),
  },
  events: {
    flowStarted: () => {},
    flowFinished: () => {},
    notice: ({ event }) => console.log(event),
  },
});
const http = service("http", {
  protocol: "http",
  targets: [target(`127.0.0.1:${Deno.args[0]}`)],
});
engine.publish(snapshot({
  tcp: protocolRoutes({ http }),
  timeouts: { probeMs: LONG, serverFirstMs: LONG, connectMs: LONG },
}));
// As in the real program. It also makes the runtime open what it needs for signals before descriptors run out.
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
const address = { host: "127.0.0.1", port: 0 };
const listener = await engine.listen({ transport: "tcp", address, backlog: 1024 });
console.log(`port ${listener.address.port}`);
