/**
 * What becomes of QUIC clients with ECH, and with them of every UDP flow that a filter sees or that is answered.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EchSettings } from "../../src/model/ech.ts";
import type { Resolution } from "../../src/model/resolver.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import type { Target } from "../../src/model/snapshot.ts";
import { ALERT } from "../../src/proto/tls/alert.ts";
import { EchClient, echKey, echSettings, nameMap } from "../support/ech_client.ts";
import { QuicClient, QuicReader } from "../support/quic_client.ts";
import { SAMPLE_DCID } from "../support/quic_initial_builder.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { ascii, concat, Rig, text } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { World } from "./world.ts";

const KEY = echKey();

export const ECH_QUIC_CASES: Cases = {
  "gives a QUIC target the inner hello, and all that follows as it is": async (world) => {
    const { rig, address, hidden } = await start(world);
    const first = EchClient.seeded(KEY).hello();
    const [quic, client] = [new QuicClient(first.outer), await world.openUdp()];
    const flight = [quic.crypto([200, first.outer.length]), quic.crypto([0, 200])];
    for (const datagram of flight) await client.send(datagram, address);
    const reader = new QuicReader();
    let from = address;
    for (const sent of flight) {
      const arrived = await hidden.receive();
      reader.read(arrived.data);
      assert.equal(arrived.data.length, sent.length);
      from = arrived.from;
    }
    assert.deepEqual(reader.stream, first.inner);

    await hidden.send(ascii("hello"), from);
    assert.equal(text((await client.receive()).data), "hello");
    // Those with a short header go the way of other flows; none must overtake another.
    const rest = Array.from({ length: 40 }, (_, index) => {
      const first = index % 8 < 5 ? quic.short() : quic.other("handshake");
      return concat([first, new Uint8Array(index).fill(index)]);
    });
    for (const datagram of rest) await client.send(datagram, address);
    for (const datagram of rest) assert.deepEqual((await hidden.receive()).data, datagram);
    const [flow] = await rig.startedFlows(1);
    assert.equal(flow?.service?.name, "hidden");
    assert.equal(flow?.ech?.status, "accepted");
    assert.equal(flow?.detected?.sni, KEY.publicName);
    await rig.engine.drain(0);
    const [finished] = await rig.finishedFlows(1);
    const length = [...flight, ...rest].reduce((sum, datagram) => sum + datagram.length, 0);
    assert.deepEqual([finished?.end.bytesUp, finished?.end.bytesDown], [length, 5]);
    const { udpUndecided, udpSessions } = rig.engine.stats();
    assert.deepEqual([udpUndecided, udpSessions], [0, 1]);
  },

  "gives a QUIC target the inner hello when its name takes time": async (world) => {
    const slow = target("slow.example:443");
    const { rig, address, hidden } = await start(world, {}, slow);
    const { promise, resolve } = Promise.withResolvers<Resolution>();
    rig.resolver.answer("slow.example", promise);
    const first = EchClient.seeded(KEY).hello();
    const [quic, client] = [new QuicClient(first.outer), await world.openUdp()];
    const early = quic.other("zeroRtt");
    for (const datagram of [quic.crypto(), early]) await client.send(datagram, address);
    await rig.until(() => rig.engine.stats().heldDatagramBytes === 1200 + early.length);
    resolve({ kind: "resolved", addresses: [hidden.address] });
    const reader = new QuicReader();
    reader.read((await hidden.receive()).data);
    assert.deepEqual(reader.stream, first.inner);
    assert.deepEqual((await hidden.receive()).data, early);
    await rig.until(() => rig.engine.stats().heldDatagramBytes === 0);
  },

  "holds a second QUIC hello until it is whole, and counts what it holds": async (world) => {
    const { rig, address, hidden } = await start(world);
    const ech = EchClient.seeded(KEY);
    const first = ech.hello();
    const [quic, client] = [new QuicClient(first.outer), await world.openUdp()];
    await client.send(quic.crypto(), address);
    const reader = new QuicReader();
    reader.read((await hidden.receive()).data);

    const second = ech.hello({ isSecond: true });
    quic.stream = concat([first.outer, second.outer]);
    const [middle, end] = [first.outer.length + 100, quic.stream.length];
    await client.send(quic.crypto([middle, end]), address);
    await rig.until(() => rig.engine.stats().heldDatagramBytes >= 1200);
    await client.send(quic.crypto([first.outer.length, middle]), address);
    for (let received = 0; received < 2; received++) reader.read((await hidden.receive()).data);
    assert.deepEqual(reader.stream, concat([first.inner, second.inner]));
    await rig.until(() => rig.engine.stats().heldDatagramBytes === 0);
  },

  "tells a QUIC client what is wrong with its ECH, from the port that it spoke to": async (
    world,
  ) => {
    const { rig, address, outer } = await start(world);
    const stranger = EchClient.seeded(KEY).hello({ inner: { serverName: "else.example" } });
    const [quic, client] = [new QuicClient(stranger.outer), await world.openUdp()];
    await client.send(quic.crypto(), address);
    const { data, from } = await client.receive();
    assert.deepEqual(from, address);
    assertCloses(data, 0x41, ALERT.unrecognizedName);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "ech_unserved" });
    assert.deepEqual([flow?.end.bytesUp, flow?.end.bytesDown], [0, data.length]);
    assert.deepEqual(rig.started, []);

    // Nobody else has got anything of it, and the client may come again.
    await client.send(ascii("plain"), address);
    assert.equal(text((await outer.receive()).data), "plain");
  },

  "tells a QUIC client whose second hello breaks a rule, and ends its flow": async (world) => {
    const { rig, address, hidden } = await start(world);
    const ech = EchClient.seeded(KEY);
    const first = ech.hello();
    const [quic, client] = [new QuicClient(first.outer), await world.openUdp()];
    await client.send(quic.crypto(), address);
    await hidden.receive();
    quic.stream = concat([first.outer, ech.hello().outer]); // sealed with another key
    await client.send(quic.crypto(), address);
    assertCloses((await client.receive()).data, 0x41, ALERT.illegalParameter);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "ech_fault" });
    assert.equal(flow?.record.service?.name, "hidden");
  },

  "refuses a QUIC client with old ECH keys where it is to": async (world) => {
    const { rig, address } = await start(world, { onReject: { kind: "refuse" } });
    const stale = EchClient.seeded(echKey({ seed: 99 })).hello();
    const [quic, client] = [new QuicClient(stale.outer), await world.openUdp()];
    await client.send(quic.crypto(), address);
    assertCloses((await client.receive()).data, 0x02, 0x00);
    const [flow] = await rig.finishedFlows(1);
    assert.deepEqual(flow?.end.outcome, { reason: "ech_refused" });
    assert.equal(flow?.record.ech?.status, "rejected");
  },
};

/** A proxy with a hidden target and a public one. */
async function start(world: World, part: Partial<EchSettings> = {}, hiddenTarget?: Target) {
  const [hidden, outer] = [await world.openUdp(), await world.openUdp()];
  const inner = service("hidden", {
    transport: "udp",
    protocol: "quic",
    targets: [hiddenTarget ?? target(label(hidden.address))],
  });
  const quic = service("public", {
    transport: "udp",
    protocol: "quic",
    targets: [target(label(outer.address))],
    ech: echSettings({ keys: [KEY], names: nameMap({ "private.example": inner }), ...part }),
  });
  const rest = service("default", { transport: "udp", targets: [target(label(outer.address))] });
  const udp = protocolRoutes({ quic }, rest);
  const started = await Rig.start(world, "udp", { udp });
  return { ...started, hidden, outer };
}

/** The datagram is a server's Initial, for the client that most cases have, with nothing but this frame's beginning. */
function assertCloses(datagram: Uint8Array, ...code: readonly number[]): void {
  const reader = new QuicReader([SAMPLE_DCID], "server");
  reader.read(datagram);
  const [packet] = reader.packets;
  assert.deepEqual(packet?.payload.subarray(0, 1 + code.length), Uint8Array.of(0x1c, ...code));
}

function label({ host, port }: SocketAddress): string {
  return `${host}:${port}`;
}
