/** What becomes of the native engine when one of its threads dies. */

import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { FailingWorld } from "./failing_world.ts";
import type { LoopbackWorld } from "./loopback_world.ts";
import { ascii, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { TcpBackend, TcpPeer } from "./world.ts";

const onLinux = needs("Linux");

/** Enough for both workers to have some: the odds against it are two to a million. */
const CONNECTIONS = 20;

onLinux("NativeEngine replaces a worker that dies, and cuts its flows alone", async () => {
  await using world = new FailingWorld(2);
  const backend = await world.startBackend();
  const routes = toDefault("tcp", backend.target);
  const { rig, address } = await Rig.start(world, "tcp", routes);
  const pairs: [TcpPeer, TcpPeer][] = [];
  for (let index = 0; index < CONNECTIONS; index++) {
    const client = await world.connect(address);
    await client.write(ascii("x"));
    const peer = await backend.accept();
    await readExactly(peer, 1);
    pairs.push([client, peer]);
  }
  const ends = pairs.map(([client]) => waitForEnd(client).then(() => ended++));
  let ended = 0;
  world.fail(0);
  rig.publish(routes);
  await rig.until(() => rig.notices.length > 0);
  const { tcpActive, ended: reasons } = rig.engine.stats();
  await rig.until(() => ended === CONNECTIONS - tcpActive);
  assert.deepEqual(reasons, { error: CONNECTIONS - tcpActive });
  assert(tcpActive > 0 && tcpActive < CONNECTIONS, `${tcpActive} are left`);

  // Nobody is left in the queue of the socket that the dead worker served.
  for (let index = 0; index < CONNECTIONS; index++) await roundTrip(world, backend, address);
  await rig.until(() => rig.notices.length === 2);
  assert.deepEqual(rig.notices.map(({ event }) => event), ["worker_failed", "worker_restarted"]);
  assert.match(
    rig.notices[0]?.message ?? "",
    /^Worker 1 of 2 failed: told to fail; flows cut: \d+;/,
  );

  // The new one serves as well: with the other gone, too, there is nobody else.
  world.fail(1);
  rig.publish(routes);
  await Promise.all(ends);
  for (let index = 0; index < CONNECTIONS; index++) await roundTrip(world, backend, address);
  await rig.until(() => rig.notices.length === 4);
  await rig.until(() => rig.engine.stats().tcpActive === 0);
  assert.equal(rig.engine.stats().tcpAccepted, 3 * CONNECTIONS);
  const ids = new Set(rig.started.map(({ id }) => id));
  assert.equal(ids.size, 3 * CONNECTIONS);
});

onLinux("NativeEngine serves those who wait while its only worker is replaced", async () => {
  await using world = new FailingWorld(1);
  const backend = await world.startBackend();
  const routes = { ...toDefault("tcp", backend.target), tcpMaxConnections: 1 };
  const { rig, address } = await Rig.start(world, "tcp", routes);
  const client = await world.connect(address);
  await client.write(ascii("x"));
  await readExactly(await backend.accept(), 1);
  world.fail(0);
  rig.publish(routes);
  await waitForEnd(client);
  // The limit is one: the flow that died with its worker is no longer counted.
  await roundTrip(world, backend, address);
  await rig.until(() => rig.engine.stats().tcpActive === 0);
  assert.deepEqual(rig.engine.stats().ended, { error: 1, done: 1 });
});

onLinux("NativeEngine begins to listen although a worker dies meanwhile", async () => {
  for (const workers of [1, 2]) {
    await using world = new FailingWorld(workers);
    const backend = await world.startBackend();
    const routes = toDefault("tcp", backend.target);
    const { rig } = await Rig.start(world, "tcp", routes);
    world.fail(0);
    rig.publish(routes);
    const { address } = await rig.listen("tcp");
    for (let index = 0; index < CONNECTIONS; index++) await roundTrip(world, backend, address);
    await rig.until(() => rig.notices.length === 2);
  }
});

onLinux("NativeEngine has a new worker serve for all that have died", async () => {
  await using world = new FailingWorld(2);
  const backend = await world.startBackend();
  const routes = toDefault("tcp", backend.target);
  const { rig, address } = await Rig.start(world, "tcp", routes);
  world.holdStarts();
  world.fail(0);
  world.fail(1);
  rig.publish(routes);
  await rig.until(() => rig.notices.length === 2 && world.started === 4);
  world.letStart(2);
  await rig.until(() => rig.notices.length === 3);
  for (let index = 0; index < CONNECTIONS; index++) await roundTrip(world, backend, address);
  world.letStart(3);
  await rig.until(() => rig.notices.length === 4);
  for (let index = 0; index < CONNECTIONS; index++) await roundTrip(world, backend, address);
});

onLinux("NativeEngine keeps the UDP sessions of the workers that live when one dies", async () => {
  await using world = new FailingWorld(2);
  const backend = await world.openUdp();
  const routes = toDefault("udp", target(`${backend.address.host}:${backend.address.port}`));
  const { rig, address } = await Rig.start(world, "udp", routes);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => world.openUdp()));
  const sources = new Map<string, number>();
  const sendAll = async (word: string) => {
    for (const [index, client] of clients.entries()) {
      await client.send(ascii(`${word} ${index}`), address);
      const { data, from } = await backend.receive();
      assert.equal(text(data), `${word} ${index}`);
      sources.set(`${word} ${index}`, from.port);
    }
  };
  await sendAll("before");
  world.fail(1);
  rig.publish(routes);
  await rig.until(() => rig.notices.length === 1);
  const left = rig.engine.stats().udpActive;
  await sendAll("after");
  const kept = clients.filter((_, index) =>
    sources.get(`before ${index}`) === sources.get(`after ${index}`)
  );
  assert.equal(kept.length, left);
  assert(left > 0 && left < CONNECTIONS, `${left} are left`);
  await rig.until(() => rig.notices.length === 2);
  await sendAll("again");
});

onLinux("NativeEngine goes on with the WireGuard sessions of a worker that has died", async () => {
  await using world = new FailingWorld(1);
  const backend = await world.openUdp();
  const label = `${backend.address.host}:${backend.address.port}`;
  const wireguard = service("wg", {
    transport: "udp",
    protocol: "wireguard",
    targets: [target(label)],
  });
  const routes = { udp: protocolRoutes({ wireguard }) };
  const { rig, address } = await Rig.start(world, "udp", routes);
  const client = await world.openUdp();
  const [initiation, response, data] = [
    new Uint8Array(148),
    new Uint8Array(92),
    new Uint8Array(32),
  ];
  initiation.set([1]);
  response.set([2, 0, 0, 0, 9, 8, 7, 6]);
  data.set([4, 0, 0, 0, 9, 8, 7, 6]);
  await client.send(initiation, address);
  await backend.send(response, (await backend.receive()).from);
  await client.receive();
  world.fail(0);
  rig.publish(routes);
  await rig.until(() => rig.notices.length === 2);
  await client.send(data, address);
  assert.deepEqual((await backend.receive()).data, data);
});

async function roundTrip(
  world: LoopbackWorld,
  backend: TcpBackend,
  address: { readonly host: string; readonly port: number },
): Promise<void> {
  const client = await world.connect(address);
  await client.write(ascii("y"));
  const peer = await backend.accept();
  await readExactly(peer, 1);
  await client.closeWrite();
  assert.equal(await waitForEnd(peer), "eof");
  await peer.closeWrite();
  assert.equal(await waitForEnd(client), "eof");
}
