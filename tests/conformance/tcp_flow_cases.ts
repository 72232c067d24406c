/**
 * What becomes of a TCP connection until it is relayed.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Resolution } from "../../src/model/resolver.ts";
import type { Service, Snapshot } from "../../src/model/snapshot.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { ascii, readAll, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { TcpBackend, World } from "./world.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

/** Short where a case waits for it, else so long that it never comes. */
const LONG = 600_000;
const TIMEOUTS = { probeMs: LONG, serverFirstMs: LONG, connectMs: LONG };

export const TCP_FLOW_CASES: Cases = {
  "classifies a first flight that comes byte by byte, and forwards it whole": async (world) => {
    const { address, http, rig } = await startHttpAndDefault(world);
    const client = await world.connect(address);
    for (const byte of ascii(REQUEST)) {
      await client.write(Uint8Array.of(byte));
      await world.pass(0);
    }
    const peer = await http.accept();
    assert.equal(text(await readExactly(peer, REQUEST.length)), REQUEST);
    const [flow] = await rig.startedFlows(1);
    assert.equal(flow?.service?.name, "http");
    assert.equal(flow?.detected?.protocol, "http");
  },

  "recognises an undecided client by what it has said when it closes": async (world) => {
    const backend = await world.startBackend();
    const http = service("http", { protocol: "http", targets: [target("192.0.2.1:80")] });
    const telemetry = service("telemetry", { protocol: "regex", targets: [backend.target] });
    const { address } = await Rig.start(world, "tcp", {
      tcp: {
        ...protocolRoutes({ http, regex: telemetry }),
        needs: new Map([["regex", { fields: new Set(), values: ["TLM[0-9]{2}"] }]]),
      },
      timeouts: TIMEOUTS,
    });
    const client = await world.connect(address);
    await client.write(ascii("TLM"));
    await world.pass(0);
    await client.write(ascii("07"));
    await client.closeWrite();
    const peer = await backend.accept();
    assert.equal(text(await readAll(peer)), "TLM07");
  },

  "forwards what it does not recognise to the default target": async (world) => {
    const { address, fallback } = await startHttpAndDefault(world);
    const client = await world.connect(address);
    await client.write(ascii("\x00\x01\x02 not of any protocol"));
    const peer = await fallback.accept();
    assert.equal(text(await readExactly(peer, 23)), "\x00\x01\x02 not of any protocol");
  },

  "drops what fits nothing where there is no default target": async (world) => {
    const { address, rig } = await startHttpAndDefault(world, { withDefault: false });
    const client = await world.connect(address);
    await client.write(ascii("\x00\x01\x02 not of any protocol"));
    await waitForEnd(client);
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "dropped");
    assert.deepEqual(rig.started, []);
  },

  "goes on to the next target when one refuses, and replays the first bytes": async (world) => {
    const backend = await world.startBackend();
    const { host, port } = await world.refusingAddress();
    const targets = [target(`${host}:${port}`), backend.target];
    const { rig, address } = await Rig.start(world, "tcp", toDefault("tcp", targets));
    const client = await world.connect(address);
    await client.write(ascii("first bytes"));
    const peer = await backend.accept();
    assert.equal(text(await readExactly(peer, 11)), "first bytes");
    const [flow] = await rig.startedFlows(1);
    assert.equal(flow?.target?.port, backend.target.port);
  },

  "closes the connection when all targets refuse": async (world) => {
    const { host, port } = await world.refusingAddress();
    const routes = toDefault("tcp", target(`${host}:${port}`));
    const { rig, address } = await Rig.start(world, "tcp", routes);
    const client = await world.connect(address);
    await waitForEnd(client);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "connect_failed", error: "connection_refused" });
  },

  "gives up on a name that is not resolved in time": async (world) => {
    const timeouts = { ...TIMEOUTS, connectMs: 50 };
    const routes = { ...toDefault("tcp", target("slow.example:80")), timeouts };
    const { rig, address } = await Rig.start(world, "tcp", routes);
    rig.resolver.answer("slow.example", new Promise(() => {}));
    const client = await world.connect(address);
    await waitForEnd(client);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "connect_failed", error: "name_not_resolved" });
  },

  "connects to what a name resolves to": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(
      world,
      "tcp",
      toDefault("tcp", target("name.example:80")),
    );
    const { promise, resolve } = Promise.withResolvers<Resolution>();
    rig.resolver.answer("name.example", promise);
    const client = await world.connect(address);
    await client.write(ascii("waiting"));
    const { host, port } = backend.target;
    resolve({ kind: "resolved", addresses: [await world.refusingAddress(), { host, port }] });
    const peer = await backend.accept();
    assert.equal(text(await readExactly(peer, 7)), "waiting");
  },

  "lets the default target speak first to a silent client": async (world) => {
    const timeouts = { ...TIMEOUTS, serverFirstMs: 20 };
    const { address, fallback } = await startHttpAndDefault(world, { timeouts });
    const client = await world.connect(address);
    const peer = await fallback.accept();
    await peer.write(ascii("220 greeting\r\n"));
    assert.equal(text(await readExactly(client, 14)), "220 greeting\r\n");
    await client.write(ascii("EHLO x\r\n"));
    assert.equal(text(await readExactly(peer, 8)), "EHLO x\r\n");
    await client.closeWrite();
    assert.equal(await peer.read(), null);
  },

  "classifies a client that speaks late but before the default target": async (world) => {
    const timeouts = { ...TIMEOUTS, serverFirstMs: 20 };
    const { address, fallback, http } = await startHttpAndDefault(world, { timeouts });
    const client = await world.connect(address);
    const dialled = await fallback.accept();
    for (const byte of ascii(REQUEST)) await client.write(Uint8Array.of(byte));
    const peer = await http.accept();
    assert.equal(text(await readExactly(peer, REQUEST.length)), REQUEST);
    assert.equal(await waitForEnd(dialled), "eof");
  },

  "relays a client that half-closes without a word to the default target": async (world) => {
    const { address, fallback } = await startHttpAndDefault(world);
    const client = await world.connect(address);
    await client.closeWrite();
    const peer = await fallback.accept();
    assert.equal(await peer.read(), null);
    await peer.write(ascii("answer all the same"));
    await peer.closeWrite();
    assert.equal(text(await readAll(client)), "answer all the same");
  },

  "forgets a client that is reset while it is sniffed": async (world) => {
    const { address, rig } = await startHttpAndDefault(world);
    const client = await world.connect(address);
    await client.write(ascii("GE"));
    await rig.until(() => rig.engine.stats().tcpActive === 1);
    client.reset();
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "client_reset");
  },

  "closes a client that stays silent where there is no default target": async (world) => {
    const timeouts = { ...TIMEOUTS, probeMs: 50 };
    const { address, rig } = await startHttpAndDefault(world, { withDefault: false, timeouts });
    const client = await world.connect(address);
    assert.equal(await waitForEnd(client), "eof");
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "probe_timeout");
  },

  "sends a PROXY header before the client's bytes, and does not count it": async (world) => {
    const backend = await world.startBackend();
    const routes = toDefault("tcp", backend.target, { sendProxyProtocol: "v1" });
    const { rig, address } = await Rig.start(world, "tcp", routes);
    const client = await world.connect(address);
    await client.write(ascii("payload"));
    await client.closeWrite();
    const peer = await backend.accept();
    const received = text(await readAll(peer));
    await peer.closeWrite();
    const [flow] = await rig.finishedFlows(1);
    assert.ok(flow !== undefined);
    const { source } = flow.record;
    const addresses = `${source.host} ${address.host} ${source.port} ${address.port}`;
    assert.equal(received, `PROXY TCP4 ${addresses}\r\npayload`);
    assert.equal(flow.end.bytesUp, 7);
  },

  "sends the PROXY header before a silent client's target may speak": async (world) => {
    const timeouts = { ...TIMEOUTS, serverFirstMs: 20 };
    const part = { timeouts, sendProxyProtocol: "v1" } as const;
    const { address, fallback } = await startHttpAndDefault(world, part);
    const client = await world.connect(address);
    const peer = await fallback.accept();
    const header = await peer.read();
    assert.match(text(header ?? new Uint8Array()), /^PROXY TCP4 .*\r\n$/);
    await peer.write(ascii("hello"));
    assert.equal(text(await readExactly(client, 5)), "hello");
    await client.write(ascii("reply"));
    assert.equal(text(await readExactly(peer, 5)), "reply");
  },

  "takes the addresses of a trusted peer's PROXY header": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(world, "tcp", {
      ...toDefault("tcp", backend.target),
      inboundProxy: { trusted: [{ bytes: Uint8Array.of(0, 0, 0, 0), prefixLength: 0 }] },
    });
    const client = await world.connect(address);
    await client.write(ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\nbehind it"));
    const peer = await backend.accept();
    assert.equal(text(await readExactly(peer, 9)), "behind it");
    const [flow] = await rig.startedFlows(1);
    assert.deepEqual(flow?.source, { host: "192.0.2.1", port: 1111 });
    assert.deepEqual(flow?.destination, { host: "192.0.2.2", port: 2222 });
  },

  "turns away peers that may not send a PROXY header": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(world, "tcp", {
      ...toDefault("tcp", backend.target),
      inboundProxy: { trusted: [{ bytes: Uint8Array.of(192, 0, 2, 0), prefixLength: 24 }] },
    });
    await waitForEnd(await world.connect(address));
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "untrusted");
  },

  "ends a flow, and that one only, when the pipeline breaks": async (world) => {
    const backend = await world.startBackend();
    const broken = { ...service("broken"), targets: null as never };
    const { rig, address } = await Rig.start(world, "tcp", toBroken(broken));
    await waitForEnd(await world.connect(address));
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "error");
    await rig.until(() => rig.notices.length > 0);
    assert.deepEqual(rig.notices.map(({ event }) => event), ["flow_fault"]);

    rig.publish(toDefault("tcp", backend.target));
    const client = await world.connect(address);
    await client.write(ascii("well"));
    assert.equal(text(await readExactly(await backend.accept(), 4)), "well");
  },
};

interface HttpAndDefault {
  readonly rig: Rig;
  readonly address: { readonly host: string; readonly port: number };
  readonly http: TcpBackend;
  readonly fallback: TcpBackend;
}

/** An engine that sends HTTP to one backend and the rest to another. */
async function startHttpAndDefault(
  world: World,
  { withDefault = true, timeouts = TIMEOUTS, sendProxyProtocol = "none" }: {
    withDefault?: boolean;
    timeouts?: Snapshot["timeouts"];
    sendProxyProtocol?: Service["sendProxyProtocol"];
  } = {},
): Promise<HttpAndDefault> {
  const http = await world.startBackend();
  const fallback = await world.startBackend();
  const httpService = service("http", { protocol: "http", targets: [http.target] });
  const defaultService = service("default", { targets: [fallback.target], sendProxyProtocol });
  const { rig, address } = await Rig.start(world, "tcp", {
    tcp: protocolRoutes({ http: httpService }, withDefault ? defaultService : null),
    timeouts,
  });
  return { rig, address, http, fallback };
}

function toBroken(broken: Service): Partial<Snapshot> {
  return { tcp: protocolRoutes({}, broken) };
}
