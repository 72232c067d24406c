/**
 * Sockets of both address families on one port, whether `::` can be bound for IPv6 alone or, as with Deno, cannot.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SocketAddress } from "../../src/model/address.ts";
import { freePort } from "../support/free_port.ts";
import { target } from "../support/snapshot_builder.ts";
import type { LoopbackWorld } from "./loopback_world.ts";
import { ascii, readExactly, Rig, text, toDefault, waitForEnd } from "./rig.ts";
import type { TcpBackend } from "./world.ts";

/** Cases by name, on real sockets. */
type SocketCases = Readonly<Record<string, (world: LoopbackWorld) => Promise<void>>>;

const V4 = "127.0.0.1";
const OTHER_V4 = "127.0.0.2";
const V6 = "::1";

/** Cases that need IPv6. */
export const DUAL_STACK_CASES: SocketCases = {
  "serves TCP of both families on one port when 0.0.0.0 comes before ::": (world) =>
    shareTcp(world, "0.0.0.0", "::"),

  "serves TCP of both families on one port when :: comes before 0.0.0.0": (world) =>
    shareTcp(world, "::", "0.0.0.0"),

  "serves UDP of both families on one port when 0.0.0.0 comes before ::": (world) =>
    shareUdp(world, "0.0.0.0", "::"),

  "serves UDP of both families on one port when :: comes before 0.0.0.0": (world) =>
    shareUdp(world, "::", "0.0.0.0"),

  "on :: is for IPv6 alone": async (world) => {
    const backend = await world.startBackend();
    const rig = startRig(world, backend);
    const { address: { port } } = await listen(rig, "tcp", "::", 0);
    await assertNotServed(world, { host: V4, port });
    await roundTrip(world, backend, { host: V6, port });
    assert.equal(rig.engine.stats().tcpAccepted, 1);
  },

  "serves one IPv4 address and all IPv6 ones on one port": async (world) => {
    const backend = await world.startBackend();
    const rig = startRig(world, backend);
    const { address: { port } } = await listen(rig, "tcp", V4, 0);
    await listen(rig, "tcp", "::", port);
    await roundTrip(world, backend, { host: V4, port });
    await roundTrip(world, backend, { host: V6, port });
    await assertNotServed(world, { host: OTHER_V4, port });
  },

  "on UDP :: takes no datagrams of IPv4": async (world) => {
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
};

/** Who else may have a port of ours: nobody. */
export const EXCLUSIVE_PORT_CASES: SocketCases = {
  "does not share a TCP port with another program": async (world) => {
    const rig = startRig(world, await world.startBackend());
    using other = Deno.listen({ hostname: V4, port: 0, reusePort: true });
    await assert.rejects(listen(rig, "tcp", V4, other.addr.port), Deno.errors.AddrInUse);
  },

  "does not share a TCP port beside another address of ours": async (world) => {
    const rig = startRig(world, await world.startBackend());
    using other = Deno.listen({ hostname: OTHER_V4, port: 0, reusePort: true });
    await listen(rig, "tcp", V4, other.addr.port);
    await assert.rejects(listen(rig, "tcp", OTHER_V4, other.addr.port), Deno.errors.AddrInUse);
  },

  "leaves no UDP port to others that has only addresses apart": async (world) => {
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
  },
};

async function shareTcp(
  world: LoopbackWorld,
  first: string,
  second: string,
): Promise<void> {
  const backend = await world.startBackend();
  const rig = startRig(world, backend);
  const port = freePort();
  const one = await listen(rig, "tcp", first, port);
  const two = await listen(rig, "tcp", second, port);

  await roundTrip(world, backend, { host: V4, port });
  await roundTrip(world, backend, { host: V6, port });
  const flows = await rig.startedFlows(2);
  assert.deepEqual(flows.map(({ source }) => source.host), [V4, V6]);
  assert.deepEqual(flows.map(({ destination }) => destination.host), [V4, V6]);

  const [left, gone] = first === "::" ? [V4, V6] : [V6, V4];
  one.close();
  await roundTrip(world, backend, { host: left, port });
  await assertNotServed(world, { host: gone, port });
  await listen(rig, "tcp", first, port);
  await roundTrip(world, backend, { host: gone, port });
  two.close();
}

async function shareUdp(
  world: LoopbackWorld,
  first: string,
  second: string,
): Promise<void> {
  const backend = await world.openUdp();
  const rig = new Rig(world);
  const { host, port: backendPort } = backend.address;
  rig.publish(toDefault("udp", target(`${host}:${backendPort}`)));
  const port = freePort();
  await listen(rig, "udp", first, port);

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
    (await rig.startedFlows(2)).map(({ source }) => source.host),
    [before.hostname, before === v4 ? V6 : V4],
  );
  other.close();
  await exchange(before);
}

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
