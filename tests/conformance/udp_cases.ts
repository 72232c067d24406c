/**
 * What becomes of datagrams.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MAX_HELD_DATAGRAMS } from "../../src/model/limits.ts";
import type { Resolution } from "../../src/model/resolver.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import type { Service, Snapshot } from "../../src/model/snapshot.ts";
import { buildClientHello } from "../support/client_hello_builder.ts";
import { cryptoFrame, sealInitialDatagram } from "../support/quic_initial_builder.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { ascii, Rig, text, toDefault } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { UdpPeer, World } from "./world.ts";

export const UDP_CASES: Cases = {
  "forwards datagrams both ways, and answers from the port that was hit": async (world) => {
    const { rig, address, backend } = await startUdp(world);
    const client = await world.openUdp();
    await client.send(ascii("ping"), address);
    const arrived = await backend.receive();
    assert.equal(text(arrived.data), "ping");
    await backend.send(ascii("pong!"), arrived.from);
    const answer = await client.receive();
    assert.equal(text(answer.data), "pong!");
    assert.deepEqual(answer.from, address);
    const [flow] = await rig.startedFlows(1);
    assert.equal(flow?.transport, "udp");
    assert.deepEqual(flow?.source, client.address);
  },

  "keeps the order of datagrams, and their borders": async (world) => {
    const { address, backend } = await startUdp(world);
    const client = await world.openUdp();
    const sizes = [1, 1200, 0, 3, 1472, 9000, 2, 0, 1];
    for (const size of sizes) await client.send(new Uint8Array(size).fill(size), address);
    for (const size of sizes) {
      const { data } = await backend.receive();
      assert.deepEqual(data, new Uint8Array(size).fill(size));
    }
  },

  "carries the largest datagram there is": async (world) => {
    const { address, backend } = await startUdp(world);
    const client = await world.openUdp();
    const largest = new Uint8Array(65_507).fill(7);
    await client.send(largest, address);
    const arrived = await backend.receive();
    assert.deepEqual(arrived.data, largest);
    await backend.send(largest, arrived.from);
    assert.deepEqual((await client.receive()).data, largest);
  },

  "keeps the sessions of two clients apart": async (world) => {
    const { address, backend } = await startUdp(world);
    const clients = [await world.openUdp(), await world.openUdp()];
    for (const [index, client] of clients.entries()) {
      await client.send(ascii(`from ${index}`), address);
      const { data, from } = await backend.receive();
      await backend.send(ascii(`to ${text(data)}`), from);
    }
    for (const [index, client] of clients.entries()) {
      assert.equal(text((await client.receive()).data), `to from ${index}`);
    }
  },

  "ends a session when its client is silent, whatever the target sends": async (world) => {
    const { rig, address, backend } = await startUdp(world, { idleMs: 100 });
    const client = await world.openUdp();
    await client.send(ascii("one"), address);
    const first = await backend.receive();
    await rig.until(() => {
      backend.send(ascii("still here"), first.from);
      return rig.finished.length === 1;
    });
    assert.equal(rig.finished[0]?.end.outcome.reason, "idle");
    assert.equal(rig.finished[0]?.end.bytesUp, 3);
    await client.send(ascii("two"), address);
    const second = await backend.receive();
    assert.equal(text(second.data), "two");
    assert.equal((await rig.startedFlows(2)).length, 2);
  },

  "does not let a slow look-up delay anybody else, and forwards what it held": async (world) => {
    const { address, rig, backend, fast } = await startSlowAndFast(world);
    const { promise, resolve } = Promise.withResolvers<Resolution>();
    rig.resolver.answer("slow.example", promise);
    const [slowClient, fastClient] = [await world.openUdp(), await world.openUdp()];
    for (const data of ["a", "bb", "ccc"]) await slowClient.send(ascii(data), address);
    await rig.until(() => rig.engine.stats().heldDatagramBytes === 6);

    await fastClient.send(WIREGUARD_INITIATION, address);
    assert.deepEqual((await fast.receive()).data, WIREGUARD_INITIATION);
    assert.equal(rig.engine.stats().udpUndecided, 1);

    const { host, port } = backend.address;
    resolve({ kind: "resolved", addresses: [{ host, port }] });
    for (const data of ["a", "bb", "ccc"]) assert.equal(text((await backend.receive()).data), data);
    await rig.until(() => rig.engine.stats().heldDatagramBytes === 0);
    assert.equal(rig.engine.stats().udpUndecided, 0);
  },

  "holds no more than a few datagrams of an undecided flow": async (world) => {
    const { address, rig, backend, fast } = await startSlowAndFast(world);
    const { promise, resolve } = Promise.withResolvers<Resolution>();
    rig.resolver.answer("slow.example", promise);
    const client = await world.openUdp();
    for (let index = 0; index < MAX_HELD_DATAGRAMS + 4; index++) {
      await client.send(Uint8Array.of(index), address);
    }
    // What comes out behind them tells that all of them have come in.
    await (await world.openUdp()).send(WIREGUARD_INITIATION, address);
    await fast.receive();
    await rig.until(() => rig.engine.stats().heldDatagramBytes === MAX_HELD_DATAGRAMS);
    const { host, port } = backend.address;
    resolve({ kind: "resolved", addresses: [{ host, port }] });
    for (let index = 0; index < MAX_HELD_DATAGRAMS; index++) {
      assert.deepEqual((await backend.receive()).data, Uint8Array.of(index));
    }
    await client.send(ascii("next"), address);
    assert.equal(text((await backend.receive()).data), "next");
  },

  "does not take a late answer for that of the next target's name": async (world) => {
    const [backend, wrong] = [await world.openUdp(), await world.openUdp()];
    const { rig, address } = await Rig.start(world, "udp", {
      ...toDefault("udp", [target("late.example:53"), target("good.example:53")]),
      timeouts: { probeMs: 3_000, serverFirstMs: 300, connectMs: 50 },
    });
    const late = Promise.withResolvers<Resolution>();
    const good = Promise.withResolvers<Resolution>();
    rig.resolver.answer("late.example", late.promise);
    rig.resolver.answer("good.example", good.promise);
    const client = await world.openUdp();
    await client.send(ascii("x"), address);
    await rig.until(() => rig.resolver.asked.includes("good.example"));
    late.resolve({ kind: "resolved", addresses: [wrong.address] });
    await late.promise;
    good.resolve({ kind: "resolved", addresses: [backend.address] });
    assert.equal(text((await backend.receive()).data), "x");
    const [flow] = await rig.startedFlows(1);
    assert.deepEqual(flow?.address, backend.address);
  },

  "drops a flow whose name is not resolved": async (world) => {
    const { address, rig } = await startSlowAndFast(world);
    const client = await world.openUdp();
    await client.send(ascii("lost"), address);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "connect_failed", error: "name_not_resolved" });
    assert.deepEqual(rig.started, []);
    assert.equal(rig.engine.stats().heldDatagramBytes, 0);
  },

  "takes answers from the target only": async (world) => {
    const { address, backend } = await startUdp(world);
    const client = await world.openUdp();
    await client.send(ascii("ping"), address);
    const { from } = await backend.receive();
    const stranger = await world.openUdp();
    await stranger.send(ascii("spoofed"), from);
    await backend.send(ascii("genuine"), from);
    assert.equal(text((await client.receive()).data), "genuine");
  },

  "turns away new flows at the limit, and counts undecided ones": async (world) => {
    const { rig, address, backend } = await startUdp(world, { idleMs: 300 }, {
      udpMaxConnections: 2,
    });
    const clients: UdpPeer[] = [];
    for (let index = 0; index < 3; index++) clients.push(await world.openUdp());
    for (const [index, client] of clients.entries()) {
      await client.send(ascii(`${index}`), address);
      await rig.until(() => rig.started.length === Math.min(index + 1, 2));
    }
    await rig.until(() => rig.notices.some(({ event }) => event === "udp_limit_reached"));
    assert.equal(rig.engine.stats().udpActive, 2);
    await rig.finishedFlows(2);
    await clients[2]?.send(ascii("again"), address);
    const received: string[] = [];
    while (received.length < 3) received.push(text((await backend.receive()).data));
    assert.deepEqual(received, ["0", "1", "again"]);
  },

  "drops datagrams that fit nothing where there is no default target": async (world) => {
    const wireguard = service("wg", { transport: "udp", protocol: "wireguard" });
    const { rig, address } = await Rig.start(world, "udp", { udp: protocolRoutes({ wireguard }) });
    const client = await world.openUdp();
    await client.send(ascii("not of any protocol"), address);
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "dropped");
    assert.equal(rig.engine.stats().udpActive, 0);
  },

  "takes a QUIC client whose hello stays incomplete for one without a server name": async (
    world,
  ) => {
    const backend = await world.openUdp();
    const quic = service("h3", {
      transport: "udp",
      protocol: "quic",
      targets: [target(label(backend.address))],
    });
    const { rig, address } = await Rig.start(world, "udp", { udp: protocolRoutes({ quic }) });
    const half = sealInitialDatagram({
      frames: [cryptoFrame(0, buildClientHello().subarray(0, 40))],
    });
    await (await world.openUdp()).send(half, address);
    await rig.startedFlows(1);
    assert.deepEqual((await backend.receive()).data, half);
    const [flow] = rig.started;
    assert.deepEqual([flow?.service?.name, flow?.detected?.sni], ["h3", null]);
  },

  "keeps sessions alive while their listener is closed, and begins no new ones": async (world) => {
    const { rig, listener, address, backend } = await startUdp(world, { idleMs: 500 });
    const [old, late] = [await world.openUdp(), await world.openUdp()];
    await old.send(ascii("before"), address);
    const { from } = await backend.receive();
    listener.close();
    rig.publish({});
    await late.send(ascii("too late"), address);
    await old.send(ascii("after"), address);
    assert.equal(text((await backend.receive()).data), "after");
    await backend.send(ascii("answer"), from);
    const answer = await old.receive();
    assert.equal(text(answer.data), "answer");
    assert.deepEqual(answer.from, address);
    await rig.finishedFlows(1);
    assert.equal(rig.started.length, 1);
  },

  "takes up a closed listener's sessions when its address is listened on again": async (world) => {
    const { rig, listener, address, backend } = await startUdp(world);
    const [old, fresh] = [await world.openUdp(), await world.openUdp()];
    await old.send(ascii("before"), address);
    const { from } = await backend.receive();
    listener.close();
    await rig.listen("udp", address.port);
    await old.send(ascii("after"), address);
    const after = await backend.receive();
    assert.equal(text(after.data), "after");
    assert.deepEqual(after.from, from);
    await fresh.send(ascii("new"), address);
    assert.equal(text((await backend.receive()).data), "new");
    listener.close(); // once more: it must not close its successor
    await fresh.send(ascii("newer"), address);
    assert.equal(text((await backend.receive()).data), "newer");
  },
};

/** The first message of a WireGuard handshake, as far as it can be recognised. */
const WIREGUARD_INITIATION = new Uint8Array(148).fill(9);
WIREGUARD_INITIATION.set([1, 0, 0, 0]);

async function startUdp(
  world: World,
  part: Partial<Service> = {},
  rest: Partial<Snapshot> = {},
) {
  const backend = await world.openUdp();
  const started = await Rig.start(world, "udp", {
    ...toDefault("udp", target(label(backend.address)), part),
    ...rest,
  });
  return { ...started, backend };
}

/** WireGuard goes to `fast` at once; the rest to a name that must be looked up. */
async function startSlowAndFast(world: World) {
  const [backend, fast] = [await world.openUdp(), await world.openUdp()];
  const wireguard = service("wg", {
    transport: "udp",
    protocol: "wireguard",
    targets: [target(label(fast.address))],
  });
  const slow = service("default", { transport: "udp", targets: [target("slow.example:53")] });
  const udp = protocolRoutes({ wireguard }, slow);
  const started = await Rig.start(world, "udp", { udp });
  return { ...started, backend, fast };
}

function label({ host, port }: SocketAddress): string {
  return `${host}:${port}`;
}
