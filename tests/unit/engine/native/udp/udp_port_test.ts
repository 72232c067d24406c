import assert from "node:assert/strict";
import type { Service, Snapshot } from "../../../../../src/model/snapshot.ts";
import { UDP_RECEIVE_BATCH } from "../../../../../src/model/limits.ts";
import { buildClientHello } from "../../../../support/client_hello_builder.ts";
import { EchClient, echKey, echSettings, nameMap } from "../../../../support/ech_client.ts";
import { QuicClient } from "../../../../support/quic_client.ts";
import {
  protocolRoutes,
  routeTable,
  service,
  target,
} from "../../../../support/snapshot_builder.ts";
import type { UdpPeer } from "./udp_peer.ts";
import { UdpRig } from "./udp_rig.ts";

const ignore = Deno.build.os !== "linux";

function test(name: string, fn: () => void): void {
  Deno.test({ name, ignore, fn });
}

test("UdpPort forwards datagrams both ways", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.send(ascii("ping"), rig.address);
  rig.turns();
  const { data, from } = backend.receive();
  assert.equal(text(data), "ping");
  backend.send(ascii("pong!"), from);
  rig.turns();
  const answer = client.receive();
  assert.equal(text(answer.data), "pong!");
  assert.deepEqual(answer.from, rig.address);
  assert.deepEqual(rig.started[0]?.source, client.address);
  assert.deepEqual([rig.ledger.bytesUp, rig.ledger.bytesDown], [4, 5]);
});

for (
  const [wildcard, hosts] of [["0.0.0.0", ["127.0.0.1", "127.0.0.2"]], ["::", ["::1"]]] as const
) {
  Deno.test({
    name: `UdpPort on ${wildcard} keeps apart and answers from the addresses that were hit`,
    ignore: ignore || (wildcard === "::" && !hasIpv6()),
    fn: () => {
      const { rig, backend } = start({}, wildcard);
      using _ = rig;
      const client = rig.openPeer(hosts[0]);
      for (const host of hosts) {
        const hit = { host, port: rig.address.port };
        client.send(ascii(host), hit);
        rig.turns();
        const { data, from } = backend.receive();
        assert.equal(text(data), host);
        backend.send(ascii("answer"), from);
        rig.turns();
        assert.deepEqual(client.receive().from, hit);
        assert.deepEqual(rig.started.at(-1)?.destination, hit);
      }
      assert.equal(rig.ledger.udpSessions, hosts.length);
    },
  });
}

test("UdpPort keeps the borders of what the kernel has joined, both ways", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.send(ascii("first"), rig.address);
  rig.turns();
  const { from } = backend.receive();
  const bytes = Uint8Array.from({ length: 4_321 }, (_, index) => index);
  client.sendJoined(bytes, 1_000, rig.address);
  rig.turns();
  const arrived = backend.receiveAll();
  assert.deepEqual(arrived.map(({ data }) => data.length), [1_000, 1_000, 1_000, 1_000, 321]);
  assert.deepEqual(concat(arrived.map(({ data }) => data)), bytes);
  backend.sendJoined(bytes, 1_200, from);
  rig.turns();
  const answers = client.receiveAll();
  assert.deepEqual(answers.map(({ data }) => data.length), [1_200, 1_200, 1_200, 721]);
  assert.deepEqual(concat(answers.map(({ data }) => data)), bytes);
  assert.deepEqual([rig.ledger.bytesUp, rig.ledger.bytesDown], [4_326, 4_321]);
});

test("UdpPort takes the replies of a target that sends in bulk joined, and keeps their borders", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.send(ascii("go"), rig.address);
  rig.turns();
  const { from } = backend.receive();
  const expected: number[] = [];
  for (let round = 0; round < 100; round++) {
    backend.sendJoined(new Uint8Array(2_500).fill(round), 1_000, from);
    expected.push(1_000, 1_000, 500);
    rig.turn();
  }
  rig.turns();
  const lengths = client.receiveAll().map(({ data }) => data.length);
  assert.deepEqual(lengths, expected);
  // One event for three datagrams, once the kernel joins them.
  backend.sendJoined(new Uint8Array(2_500), 1_000, from);
  assert.equal(rig.turn(), 1);
  assert.equal(rig.turn(), 0);
  assert.equal(client.receiveAll().length, 3);
});

test("UdpPort sniffs each of the datagrams that the kernel has joined", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.sendJoined(new Uint8Array(250).fill(7), 100, rig.address);
  rig.turns();
  assert.deepEqual(backend.receiveAll().map(({ data }) => data.length), [100, 100, 50]);
});

test("UdpPort keeps the order of what a filter sees and what it does not, joined or not", () => {
  const key = echKey();
  const hidden = service("hidden", { transport: "udp", protocol: "quic" });
  const rig = new UdpRig({});
  using _ = rig;
  const backend = rig.openPeer();
  const client = rig.openPeer();
  const targets = [target(`${backend.address.host}:${backend.address.port}`)];
  const names = nameMap({ "private.example": { ...hidden, targets } });
  const ech = echSettings({ keys: [key], names });
  rig.publish({ udp: protocolRoutes({ quic: { ...hidden, name: "public", ech } }) });

  const quic = new QuicClient(EchClient.seeded(key).hello().outer);
  const plain = new QuicClient(buildClientHello({ serverName: "private.example" }));
  const kinds = (order: string) =>
    [...order].map((kind, index) => {
      const datagram = kind === "s" ? quic.short() : quic.other("handshake");
      return concat([datagram, new Uint8Array(100 - datagram.length).fill(index)]);
    });
  const singles = kinds("sslssslls");
  const joined = kinds("ssslsls");
  client.send(quic.crypto(), rig.address);
  for (const datagram of singles) client.send(datagram, rig.address);
  client.sendJoined(concat(joined), 100, rig.address);
  client.send(plain.crypto(), rig.address);
  client.sendJoined(concat(kinds("ssss")), 100, rig.address);
  rig.turns();
  const [first, ...rest] = backend.receiveAll().map(({ data }) => data.toHex());
  assert.notEqual(first, undefined);
  const expected = [...singles, ...joined, ...kinds("ssss")];
  assert.deepEqual(rest, expected.map((datagram) => datagram.toHex()));
});

test("UdpPort carries datagrams of every size", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  const sizes = [1, 0, 0, 1_472, 65_507, 2];
  for (const size of sizes) client.send(new Uint8Array(size).fill(size), rig.address);
  rig.turns();
  const arrived = backend.receiveAll();
  assert.deepEqual(arrived.map(({ data }) => data.length), sizes);
  for (const { data, from } of arrived) backend.send(data, from);
  rig.turns();
  assert.deepEqual(client.receiveAll().map(({ data }) => data.length), sizes);
});

test("UdpPort ends a session whose target is not there", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  backend.close();
  client.send(ascii("anyone?"), rig.address);
  rig.turns();
  const [flow] = rig.finished;
  assert.deepEqual(flow?.end.outcome, { reason: "connect_failed", error: "connection_refused" });
});

test("UdpPort ends a session whose target goes away", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.send(ascii("ping"), rig.address);
  rig.turns();
  backend.send(ascii("pong"), backend.receive().from);
  rig.turns();
  backend.close();
  client.send(ascii("anyone?"), rig.address);
  rig.turns();
  const [flow] = rig.finished;
  assert.deepEqual(flow?.end.outcome, { reason: "target_reset", error: "connection_refused" });
  assert.equal(flow?.end.bytesDown, 4);
});

test("UdpPort ends a session when its client is silent, and sends its last replies before", () => {
  const { rig, backend, client } = start({ idleMs: 100 });
  using _ = rig;
  client.send(ascii("ping"), rig.address);
  rig.turns();
  const { from } = backend.receive();
  rig.clock.pass(60);
  client.send(ascii("ping"), rig.address);
  rig.turns();
  rig.clock.pass(60);
  assert.equal(rig.finished.length, 0);
  backend.send(ascii("pong"), from);
  rig.turns();
  rig.clock.pass(60);
  assert.deepEqual(rig.finished[0]?.end.outcome, { reason: "idle" });
  assert.equal(text(client.receive().data), "pong");
});

test("UdpPort asks for a name, holds what comes meanwhile, and forwards it in order", () => {
  const { rig, backend, client } = start({ targets: [target("slow.example:53")] });
  using _ = rig;
  for (const data of ["a", "bb", "ccc"]) client.send(ascii(data), rig.address);
  rig.turns();
  assert.equal(rig.ledger.heldDatagramBytes, 6);
  rig.lookUps[0]?.({ kind: "resolved", addresses: [backend.address] });
  const arrived = backend.receiveAll().map(({ data }) => text(data));
  assert.deepEqual(arrived, ["a", "bb", "ccc"]);
  assert.equal(rig.ledger.heldDatagramBytes, 0);
});

test("UdpPort turns away flows above the limit of all workers", () => {
  const { rig, backend, client } = start({}, "127.0.0.1", { udpMaxConnections: 2 });
  using _ = rig;
  rig.active = 1; // of another worker
  client.send(ascii("in"), rig.address);
  rig.openPeer().send(ascii("out"), rig.address);
  rig.turns();
  assert.equal(text(backend.receive().data), "in");
  assert.equal(rig.turnedAway, 1);
  rig.active -= 1;
});

test("UdpPort does not send where --allow-net does not let it", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  rig.isAllowed = false;
  client.send(ascii("x"), rig.address);
  rig.turns();
  assert.deepEqual(backend.receiveAll(), []);
  const [flow] = rig.finished;
  assert.deepEqual(flow?.end.outcome, { reason: "connect_failed", error: "not_permitted" });
});

test("UdpPort begins no new sessions while it is closed, and is unused after the last", () => {
  const { rig, backend, client } = start({ idleMs: 100 });
  using _ = rig;
  client.send(ascii("before"), rig.address);
  rig.turns();
  rig.port.close();
  client.send(ascii("after"), rig.address);
  rig.openPeer().send(ascii("late"), rig.address);
  rig.turns();
  assert.deepEqual(backend.receiveAll().map(({ data }) => text(data)), ["before", "after"]);
  assert.equal(rig.unused, 0);
  rig.clock.pass(120);
  assert.equal(rig.unused, 1);

  rig.port.listen();
  client.send(ascii("again"), rig.address);
  rig.turns();
  assert.equal(text(backend.receive().data), "again");
});

test("UdpPort takes a bounded number of datagrams in a turn", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  const count = 4 * UDP_RECEIVE_BATCH;
  for (let index = 0; index < count; index++) client.send(Uint8Array.of(index), rig.address);
  rig.turn();
  const arrived = backend.receiveAll();
  assert.equal(arrived.length, UDP_RECEIVE_BATCH);
  rig.turns();
  arrived.push(...backend.receiveAll());
  assert.deepEqual(arrived.map(({ data }) => data[0]), Array.from({ length: count }, (_, i) => i));
});

test("UdpPort answers more sessions in a turn than it has room for replies", () => {
  const { rig, backend } = start();
  using _ = rig;
  const clients = Array.from({ length: 150 }, () => rig.openPeer());
  for (const [index, client] of clients.entries()) client.send(Uint8Array.of(index), rig.address);
  rig.turns();
  for (const { data, from } of backend.receiveAll()) backend.send(data, from);
  rig.turn();
  rig.turn();
  for (const [index, client] of clients.entries()) {
    assert.deepEqual(client.receive().data, Uint8Array.of(index));
  }
});

test("UdpPort ends a flow, and that one only, when the pipeline breaks", () => {
  const { rig, backend, client } = start();
  using _ = rig;
  client.send(ascii("well"), rig.address);
  rig.turns();
  const targets = [target("broken.example:53")];
  rig.publish({ udp: routeTable({ fallback: service("default", { transport: "udp", targets }) }) });
  rig.fault = new Error("broken");
  rig.openPeer().send(ascii("unwell"), rig.address);
  client.send(ascii("still well"), rig.address);
  rig.turns();
  assert.deepEqual(rig.finished.map(({ end }) => end.outcome), [{ reason: "error" }]);
  assert.deepEqual(rig.notices.map(({ event }) => event), ["flow_fault"]);
  const arrived = backend.receiveAll().map(({ data }) => text(data));
  assert.deepEqual(arrived, ["well", "still well"]);
});

test("UdpPort loses a datagram that is too long for the target's side, and no more", () => {
  if (!hasIpv6()) return;
  const { rig, backend } = start({}, "::1");
  using _ = rig;
  const client = rig.openPeer("::1");
  client.send(ascii("before"), rig.address);
  client.send(new Uint8Array(65_527), rig.address); // IPv4 has room for 20 bytes less
  client.send(ascii("after"), rig.address);
  rig.turns();
  assert.deepEqual(backend.receiveAll().map(({ data }) => text(data)), ["before", "after"]);
  assert.equal(rig.ledger.datagramsLost, 1);
});

/** A port whose default target is a peer, and a client. */
function start(
  part: Partial<Service> = {},
  host = "127.0.0.1",
  rest: Partial<Snapshot> = {},
): { readonly rig: UdpRig; readonly backend: UdpPeer; readonly client: UdpPeer } {
  const rig = new UdpRig({}, host);
  const backend = rig.openPeer();
  const targets = [target(`${backend.address.host}:${backend.address.port}`)];
  const fallback = service("default", { transport: "udp", targets, ...part });
  rig.publish({ udp: routeTable({ fallback }), ...rest });
  return { rig, backend, client: rig.openPeer() };
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
