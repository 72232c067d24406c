/**
 * What becomes of flows whose client has another address than before, or whose session has ended meanwhile.
 *
 * @module
 */

import assert from "node:assert/strict";
import { UDP_BULK_SURPLUS } from "../../src/model/limits.ts";
import type { QuicLbConfig, Service } from "../../src/model/snapshot.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import { buildClientHello } from "../support/client_hello_builder.ts";
import { encodeVarint, sealClientHello, u32 } from "../support/quic_initial_builder.ts";
import { protocolRoutes, service, target } from "../support/snapshot_builder.ts";
import { ascii, concat, Rig, text } from "./rig.ts";
import type { Cases } from "./suite.ts";
import type { UdpPeer, World } from "./world.ts";

/** Enough that they come to more than one worker, if there are several. */
const MOVES = 8;

export const MOVED_FLOW_CASES: Cases = {
  "leads a WireGuard peer that moves to its server, and the answers to its new address": async (
    world,
  ) => {
    const { rig, address, backend } = await start(world, "wireguard");
    const { client, from } = await shakeHands(world, address, backend);
    for (let move = 0; move < MOVES; move++) {
      await expectMoved(await world.openUdp(), address, backend, wireGuardData(INDEX));
    }
    await backend.send(ascii("to the old address"), from);
    assert.equal(text((await client.receive()).data), "to the old address");
    const flows = await rig.startedFlows(1 + MOVES);
    for (const flow of flows) {
      assert.deepEqual([flow.service?.name, flow.detected?.protocol], ["known", "wireguard"]);
    }
  },

  "goes on with a WireGuard session after its own has expired": async (world) => {
    const { rig, address, backend } = await start(world, "wireguard", { idleMs: 100 });
    const { client } = await shakeHands(world, address, backend);
    await rig.finishedFlows(1);
    await expectMoved(client, address, backend, wireGuardData(INDEX));
  },

  "learns the index of a handshake that the server begins, among bulk": async (world) => {
    const { address, backend } = await start(world, "wireguard");
    const { client, from } = await shakeHands(world, address, backend);
    const bulk = UDP_BULK_SURPLUS * 2;
    for (let sent = 0; sent < bulk; sent++) await backend.send(wireGuardData(1), from);
    const [mine, other] = [u32(77), u32(88)];
    await backend.send(message(1, 148, mine), from);
    await backend.send(message(2, 92, other), from);
    for (let received = 0; received < bulk + 2; received++) await client.receive();
    for (const index of [mine, other]) {
      const moved = concat([Uint8Array.of(4, 0, 0, 0), index, new Uint8Array(24)]);
      await expectMoved(await world.openUdp(), address, backend, moved);
    }
  },

  "takes nothing for a session that no server has given an index for": async (world) => {
    const { address, backend, fallback } = await start(world, "wireguard");
    const { client } = await shakeHands(world, address, backend);
    // The index that the client has given to the server, and one that nobody has.
    for (const index of [CLIENT_INDEX, 12_345]) {
      await (await world.openUdp()).send(wireGuardData(index), address);
      assert.deepEqual((await fallback.receive()).data, wireGuardData(index));
    }
    await client.send(ascii("not moved"), address);
    assert.equal(text((await backend.receive()).data), "not moved");
  },

  "leads a QUIC client that moves to its server, by IDs of every packet": async (world) => {
    const { address, backend } = await start(world, "quic");
    const client = await world.openUdp();
    await client.send(CLIENT_HELLO, address);
    const { from } = await backend.receive();
    const [retried, given] = [ascii("retry ID"), ascii("four")];
    await backend.send(longHeader(3, retried), from);
    await backend.send(longHeader(0, given), from);
    for (let received = 0; received < 2; received++) await client.receive();
    for (let move = 0; move < MOVES; move++) {
      await expectMoved(await world.openUdp(), address, backend, shortHeader(given));
    }
    await expectMoved(await world.openUdp(), address, backend, shortHeader(retried));
    const handshake = longHeader(2, ascii("client's"), given);
    await expectMoved(await world.openUdp(), address, backend, handshake);
  },

  "takes no ID for known that only a client has used": async (world) => {
    const { address, backend, fallback } = await start(world, "quic");
    const client = await world.openUdp();
    await client.send(CLIENT_HELLO, address);
    const { from } = await backend.receive();
    await backend.send(longHeader(0, ascii("given ID")), from);
    await client.receive();
    const planted = ascii("planted!");
    await client.send(longHeader(2, planted, planted), address);
    await backend.receive();
    await (await world.openUdp()).send(shortHeader(planted), address);
    assert.deepEqual((await fallback.receive()).data, shortHeader(planted));
  },

  "leads a QUIC client to the server that its ID names, in plain text or encrypted": async (
    world,
  ) => {
    const key = "8f95f09245765f80256934e50c66207f";
    const { address, backend } = await start(world, "quic", {}, (own) => [
      lbConfig(0, 3, 4, null, { "c4605e": own }),
      lbConfig(1, 10, 5, key, { "ed793a51d49b8f5fab65": own }),
      lbConfig(2, 8, 8, key, { "ed793a51d49b8f5f": own }),
    ]);
    const ids = [
      "07c4605e4504cc4f",
      "2fcc381bc74cb4fbad2823a3d1f8fed2",
      "504dd2d05a7b0de9b2b9907afb5ecf8cc3",
    ];
    for (const id of ids) {
      const datagram = shortHeader(Uint8Array.fromHex(id));
      await expectMoved(await world.openUdp(), address, backend, datagram);
    }
  },

  "leads no QUIC client to a server that is not there": async (world) => {
    const { address, fallback } = await start(world, "quic", {}, (own) => [
      lbConfig(0, 3, 4, null, { "c4605f": own }),
    ]);
    const datagram = shortHeader(Uint8Array.fromHex("07c4605e4504cc4f"));
    await (await world.openUdp()).send(datagram, address);
    assert.deepEqual((await fallback.receive()).data, datagram);
  },
};

const INDEX = 0x11223344;
const CLIENT_INDEX = 0x55667788;
const CLIENT_HELLO = sealClientHello(buildClientHello({ serverName: "a.test" }));

/** A service of a protocol, and another target for all else. */
async function start(
  world: World,
  protocol: "quic" | "wireguard",
  part: Partial<Service> = {},
  quicLb?: (backend: Service["targets"][number]) => readonly QuicLbConfig[],
) {
  const [backend, fallback] = [await world.openUdp(), await world.openUdp()];
  const own = target(label(backend.address));
  const known = service("known", {
    transport: "udp",
    protocol,
    targets: [own],
    ...part,
    ...(quicLb !== undefined && { quicLb: quicLb(own) }),
  });
  const rest = service("default", { transport: "udp", targets: [target(label(fallback.address))] });
  const udp = protocolRoutes({ [protocol]: known }, rest);
  return { ...await Rig.start(world, "udp", { udp }), backend, fallback };
}

/** A client that has a session with the server. */
async function shakeHands(world: World, address: SocketAddress, backend: UdpPeer) {
  const client = await world.openUdp();
  await client.send(message(1, 148, u32(CLIENT_INDEX)), address);
  const { from } = await backend.receive();
  await backend.send(message(2, 92, u32(INDEX), u32(CLIENT_INDEX)), from);
  await client.receive();
  return { client, from };
}

/** Sends from an address that is not known, and expects to be answered there by the backend. */
async function expectMoved(
  client: UdpPeer,
  address: SocketAddress,
  backend: UdpPeer,
  datagram: Uint8Array,
): Promise<void> {
  await client.send(datagram, address);
  const { data, from } = await backend.receive();
  assert.deepEqual(data, datagram);
  await backend.send(ascii("answer"), from);
  const answer = await client.receive();
  assert.equal(text(answer.data), "answer");
  assert.deepEqual(answer.from, address);
}

function message(type: number, size: number, ...indices: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(concat([Uint8Array.of(type, 0, 0, 0), ...indices]));
  return bytes;
}

function wireGuardData(index: number): Uint8Array {
  return message(4, 32, u32(index));
}

/** A packet of version 1 whose protected part is of no account. */
function longHeader(
  type: number,
  scid: Uint8Array,
  dcid: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const ids = [Uint8Array.of(dcid.length), dcid, Uint8Array.of(scid.length), scid];
  const token = type === 0 ? [Uint8Array.of(0)] : [];
  const body = new Uint8Array(40);
  return concat([
    Uint8Array.of(0xc0 | type << 4),
    u32(1),
    ...ids,
    ...token,
    encodeVarint(body.length),
    body,
  ]);
}

function shortHeader(id: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(0x5f), id, new Uint8Array(24)]);
}

function lbConfig(
  configRotation: number,
  serverIdLength: number,
  nonceLength: number,
  key: string | null,
  servers: Record<string, Service["targets"][number]>,
): QuicLbConfig {
  return {
    configRotation,
    serverIdLength,
    nonceLength,
    key,
    servers: new Map(Object.entries(servers)),
  };
}

function label({ host, port }: SocketAddress): string {
  return `${host}:${port}`;
}
