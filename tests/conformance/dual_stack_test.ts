/** Deno binds `::` for both families and cannot do otherwise: what the engine makes of it. */

import assert from "node:assert/strict";
import { StreamsEngine } from "../../src/engine/streams/streams_engine.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import { target } from "../support/snapshot_builder.ts";
import { LoopbackWorld } from "./loopback_world.ts";
import { ascii, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { TcpBackend } from "./world.ts";

const V4 = "127.0.0.1";
const OTHER_V4 = "127.0.0.2";
const V6 = "::1";

const ignore = !hasIpv6();

for (const [first, second] of [["0.0.0.0", "::"], ["::", "0.0.0.0"]] as const) {
  Deno.test({
    name: `listen() serves TCP of both families on one port when ${first} comes before ${second}`,
    ignore,
    fn: async () => {
      await using world = createWorld();
      const backend = await world.startBackend();
      const rig = startRig(world, backend);
      const one = await listen(rig, "tcp", first, 0);
      const { port } = one.address;
      const two = await listen(rig, "tcp", second, port);

      await roundTrip(world, backend, { host: V4, port });
      await roundTrip(world, backend, { host: V6, port });
      assert.deepEqual(rig.started.map(({ source }) => source.host), [V4, V6]);
      assert.deepEqual(rig.started.map(({ destination }) => destination.host), [V4, V6]);

      const [left, gone] = first === "::" ? [V4, V6] : [V6, V4];
      one.close();
      await roundTrip(world, backend, { host: left, port });
      await assertNotServed(world, { host: gone, port });
      await listen(rig, "tcp", first, port);
      await roundTrip(world, backend, { host: gone, port });
      two.close();
    },
  });
}

Deno.test({
  name: "listen() on :: is for IPv6 alone",
  ignore,
  fn: async () => {
    await using world = createWorld();
    const backend = await world.startBackend();
    const rig = startRig(world, backend);
    const { address: { port } } = await listen(rig, "tcp", "::", 0);
    await assertNotServed(world, { host: V4, port });
    await roundTrip(world, backend, { host: V6, port });
    assert.equal(rig.engine.stats().tcpAccepted, 1);
  },
});

Deno.test({
  name: "listen() serves one IPv4 address and all IPv6 ones on one port",
  ignore,
  fn: async () => {
    await using world = createWorld();
    const backend = await world.startBackend();
    const rig = startRig(world, backend);
    const { address: { port } } = await listen(rig, "tcp", V4, 0);
    await listen(rig, "tcp", "::", port);
    await roundTrip(world, backend, { host: V4, port });
    await roundTrip(world, backend, { host: V6, port });
    await assertNotServed(world, { host: OTHER_V4, port });
  },
});

Deno.test("listen() does not share a TCP port with another program", async () => {
  await using world = createWorld();
  const rig = startRig(world, await world.startBackend());
  using other = Deno.listen({ hostname: V4, port: 0, reusePort: true });
  await assert.rejects(listen(rig, "tcp", V4, other.addr.port), Deno.errors.AddrInUse);
});

Deno.test("listen() does not share a TCP port beside another address of ours", async () => {
  await using world = createWorld();
  const rig = startRig(world, await world.startBackend());
  using other = Deno.listen({ hostname: OTHER_V4, port: 0, reusePort: true });
  await listen(rig, "tcp", V4, other.addr.port);
  await assert.rejects(listen(rig, "tcp", OTHER_V4, other.addr.port), Deno.errors.AddrInUse);
});

Deno.test("listen() leaves no UDP port to others that has only addresses apart", async () => {
  await using world = createWorld();
  const rig = new Rig(world);
  rig.publish({});
  const { address: { port } } = await listen(rig, "udp", V4, 0);
  await listen(rig, "udp", OTHER_V4, port);
  for (const hostname of [V4, OTHER_V4]) {
    assert.throws(
      () => Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress: true }),
      Deno.errors.AddrInUse,
    );
  }
});

for (const [first, second] of [["0.0.0.0", "::"], ["::", "0.0.0.0"]] as const) {
  Deno.test({
    name: `listen() serves UDP of both families on one port when ${first} comes before ${second}`,
    ignore,
    fn: async () => {
      await using world = createWorld();
      const backend = await world.openUdp();
      const rig = new Rig(world);
      const { host, port: backendPort } = backend.address;
      rig.publish(toDefault("udp", target(`${host}:${backendPort}`)));
      const { address: { port } } = await listen(rig, "udp", first, 0);

      using sockets = new DisposableStack();
      const v4 = openClient(sockets, V4);
      const v6 = openClient(sockets, V6);
      const exchange = async ({ hostname, socket }: Client) => {
        await socket.send(ascii(hostname), { transport: "udp", hostname, port });
        const { data, from } = await backend.receive();
        assert.equal(text(data), hostname);
        await backend.send(ascii("answer"), from);
        const [answer, sender] = await socket.receive();
        assert.equal(text(answer), "answer");
        assert.deepEqual({ ...sender }, { transport: "udp", hostname, port });
      };

      const before = first === "::" ? v6 : v4;
      await exchange(before);
      const other = await listen(rig, "udp", second, port);
      await exchange(v4);
      await exchange(v6);
      // The session that began before the port was shared is still the same.
      assert.deepEqual(
        rig.started.map(({ source }) => source.host),
        [before.hostname, before === v4 ? V6 : V4],
      );
      other.close();
      await exchange(before);
    },
  });
}

Deno.test({
  name: "listen() on UDP :: takes no datagrams of IPv4",
  ignore,
  fn: async () => {
    await using world = createWorld();
    const backend = await world.openUdp();
    const rig = new Rig(world);
    rig.publish(toDefault("udp", target(`${backend.address.host}:${backend.address.port}`)));
    const { address: { port } } = await listen(rig, "udp", "::", 0);
    await (await world.openUdp()).send(ascii("IPv4"), { host: V4, port });
    using sockets = new DisposableStack();
    const { socket } = openClient(sockets, V6);
    await socket.send(ascii("IPv6"), { transport: "udp", hostname: V6, port });
    assert.equal(text((await backend.receive()).data), "IPv6");
    assert.equal(rig.engine.stats().udpSessions, 1);
  },
});

/** A UDP client on one address. */
interface Client {
  readonly hostname: string;
  readonly socket: Deno.DatagramConn;
}

function openClient(stack: DisposableStack, hostname: string): Client {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  stack.defer(() => socket.close());
  return { hostname, socket };
}

function createWorld(): LoopbackWorld {
  return new LoopbackWorld((options) => new StreamsEngine(options));
}

function startRig(world: LoopbackWorld, backend: TcpBackend): Rig {
  const rig = new Rig(world);
  rig.publish(toDefault("tcp", backend.target));
  return rig;
}

function listen(rig: Rig, transport: "tcp" | "udp", host: string, port: number) {
  return rig.engine.listen({ transport, address: { host, port }, backlog: 128 });
}

async function roundTrip(
  world: LoopbackWorld,
  backend: TcpBackend,
  to: SocketAddress,
): Promise<void> {
  const client = await world.connect(to);
  await client.write(ascii("x"));
  const peer = await backend.accept();
  await readExactly(peer, 1);
  client.close();
  await waitForEnd(peer);
}

/** Asserts that a connection is refused, or ended without a word and without a flow. */
async function assertNotServed(world: LoopbackWorld, to: SocketAddress): Promise<void> {
  const client = await world.connect(to).catch(() => null);
  if (client !== null) await waitForEnd(client);
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: V6, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
