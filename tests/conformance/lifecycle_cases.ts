/**
 * What becomes of flows while listeners, snapshots and the engine itself come and go.
 *
 * @module
 */

import assert from "node:assert/strict";
import { target } from "../support/snapshot_builder.ts";
import { ascii, readAll, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { TcpPeer } from "./world.ts";

export const LIFECYCLE_CASES: Cases = {
  "keeps relaying while its listener is closed": async (world) => {
    const backend = await world.startBackend();
    const { rig, listener, address } = await Rig.start(
      world,
      "tcp",
      toDefault("tcp", backend.target),
    );
    const client = await world.connect(address);
    await client.write(ascii("before "));
    const peer = await backend.accept();
    assert.equal(text(await readExactly(peer, 7)), "before ");
    listener.close();
    await client.write(ascii("after"));
    await client.closeWrite();
    assert.equal(text(await readAll(peer)), "after");
    await peer.write(ascii("answer"));
    await peer.closeWrite();
    assert.equal(text(await readAll(client)), "answer");
    const [flow] = await rig.finishedFlows(1);
    assert.equal(flow?.end.outcome.reason, "done");
  },

  "can listen again on an address that it has just closed": async (world) => {
    const backend = await world.startBackend();
    const { rig, listener, address } = await Rig.start(
      world,
      "tcp",
      toDefault("tcp", backend.target),
    );
    listener.close();
    await rig.listen("tcp", address.port);
    const client = await world.connect(address);
    await client.write(ascii("again"));
    assert.equal(text(await readExactly(await backend.accept(), 5)), "again");
  },

  "refuses to listen twice on one address": async (world) => {
    for (const transport of ["tcp", "udp"] as const) {
      const { rig, address } = await Rig.start(world, transport, {});
      await assert.rejects(rig.listen(transport, address.port), Deno.errors.AddrInUse);
    }
  },

  "keeps old flows on the snapshot that they began with": async (world) => {
    const [before, after] = [await world.startBackend(), await world.startBackend()];
    const { rig, address } = await Rig.start(world, "tcp", toDefault("tcp", before.target));
    const old = await world.connect(address);
    await old.write(ascii("old"));
    const oldPeer = await before.accept();
    assert.equal(text(await readExactly(oldPeer, 3)), "old");

    rig.publish(toDefault("tcp", after.target));
    const fresh = await world.connect(address);
    await fresh.write(ascii("new"));
    assert.equal(text(await readExactly(await after.accept(), 3)), "new");
    await old.write(ascii("still old"));
    assert.equal(text(await readExactly(oldPeer, 9)), "still old");
  },

  "turns connections away at the limit, and is honest under churn": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(world, "tcp", {
      ...toDefault("tcp", backend.target),
      tcpMaxConnections: 3,
    });
    const other = await rig.listen("tcp");
    for (let round = 1; round <= 5; round++) {
      const clients: TcpPeer[] = [];
      for (let index = 0; index < 3; index++) {
        const client = await world.connect(index === 0 ? other.address : address);
        await client.write(ascii("x"));
        await readExactly(await backend.accept(), 1);
        clients.push(client);
      }
      await waitForEnd(await world.connect(address));
      await waitForEnd(await world.connect(other.address));
      assert.equal(rig.engine.stats().ended.limit, 2 * round);
      for (const client of clients) client.reset();
      await rig.until(() => rig.engine.stats().tcpActive === 0);
    }
    assert.equal(rig.started.length, 15);
    assert.equal(rig.finished.length, 25);
    // A flood of them is told once.
    await rig.until(() => rig.notices.length > 0);
    assert.deepEqual(rig.notices.map(({ event }) => event), ["tcp_limit_reached"]);
  },

  "drains: lets flows end, and cuts the rest": async (world) => {
    const backend = await world.startBackend();
    const { rig, address } = await Rig.start(world, "tcp", toDefault("tcp", backend.target));
    const patient = await world.connect(address);
    await patient.write(ascii("p"));
    const patientPeer = await backend.accept();
    const stubborn = await world.connect(address);
    await stubborn.write(ascii("s"));
    await backend.accept();
    await rig.until(() => rig.started.length === 2);

    const drained = rig.engine.drain(300);
    await patient.closeWrite();
    await patientPeer.closeWrite();
    assert.equal(await waitForEnd(patient), "eof");
    await waitForEnd(stubborn);
    await rig.until(() => rig.finished.length === 2);
    assert.deepEqual(await drained, { finished: 1, cut: 1 });
    const reasons = rig.finished.map(({ end }) => end.outcome.reason);
    assert.deepEqual(reasons.sort(), ["done", "drained"]);
    await assert.rejects(world.connect(address));
  },

  "cuts flows of every kind when it is disposed of": async (world) => {
    const backend = await world.openUdp();
    const { rig, address } = await Rig.start(world, "tcp", {
      ...toDefault("tcp", target("slow.example:80")),
      ...toDefault("udp", target(`${backend.address.host}:${backend.address.port}`)),
    });
    rig.resolver.answer("slow.example", new Promise(() => {}));
    const udp = await rig.listen("udp");
    const resolving = await world.connect(address);
    const datagrams = await world.openUdp();
    await datagrams.send(ascii("x"), udp.address);
    await rig.until(() => rig.engine.stats().udpSessions === 1);
    await rig.until(() => rig.engine.stats().tcpActive === 1);
    await rig.engine[Symbol.asyncDispose]();
    await waitForEnd(resolving);
    assert.deepEqual(rig.finished.map(({ end }) => end.outcome.reason), ["drained", "drained"]);
    assert.equal(rig.engine.stats().timers, 0);
  },

  "reports every flow's end once, and its start at most once": async (world) => {
    const backend = await world.startBackend();
    const { host, port } = await world.refusingAddress();
    const { rig, address } = await Rig.start(world, "tcp", toDefault("tcp", backend.target));
    for (let round = 0; round < 10; round++) {
      const client = await world.connect(address);
      await client.write(ascii("x"));
      const peer = await backend.accept();
      await rig.until(() => rig.started.length === round + 1);
      if (round % 2 === 0) client.reset();
      else peer.reset();
      await rig.finishedFlows(round + 1);
    }
    rig.publish(toDefault("tcp", target(`${host}:${port}`)));
    await waitForEnd(await world.connect(address));
    await rig.finishedFlows(11);
    const ids = rig.finished.map(({ record }) => record.id);
    assert.equal(new Set(ids).size, 11);
    assert.deepEqual(rig.started.map(({ id }) => id), ids.slice(0, 10));
  },
};
