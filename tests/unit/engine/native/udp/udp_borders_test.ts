import assert from "node:assert/strict";
import fc from "fast-check";
import { routeTable, service, target } from "../../../../support/snapshot_builder.ts";
import { UdpRig } from "./udp_rig.ts";

/** Sizes that come again, so that runs form, and those at which they end. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(100, 99, 1_200) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 9_000, 65_507) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
);

/**
 * What a socket's buffer has room for at once where the system says nothing else (212,992 bytes in Linux), less what the
 * kernel needs beside the bytes: what goes beyond that would be lost, rightly, to whoever is at the other end.
 */
const ROOM = 160_000;
/** About what a datagram takes there beside its bytes. */
const DATAGRAM_COST = 1_024;

/** One that sends, and a burst: datagrams one by one, or joined by the kernel. */
const burst = fc.record({
  client: fc.nat({ max: 1 }),
  joined: fc.boolean(),
  sizes: fc.array(size, { minLength: 1, maxLength: 12 }),
});

Deno.test({
  name: "UdpPort keeps all datagrams of every client, their order and their borders, both ways",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    fc.assert(
      fc.property(fc.array(burst, { minLength: 1, maxLength: 6 }), (bursts) => {
        using rig = new UdpRig({});
        const backend = rig.openPeer();
        const targets = [target(`${backend.address.host}:${backend.address.port}`)];
        const fallback = service("default", { transport: "udp", targets });
        rig.publish({ udp: routeTable({ fallback }) });
        const clients = [rig.openPeer(), rig.openPeer()];
        const sent: number[][] = [[], []];
        let room = ROOM;
        const fits = (length: number, count = 1) => (room -= count * (length + DATAGRAM_COST)) >= 0;
        for (const { client, joined, sizes } of bursts) {
          const peer = clients[client];
          const first = sizes[0] ?? 0;
          const count = Math.min(sizes.length, Math.floor(60_000 / Math.max(first, 1)));
          if (joined && first > 0 && count > 1) {
            if (!fits(first, count)) break;
            peer?.sendJoined(new Uint8Array(first * count - 1).fill(client), first, rig.address);
            sent[client]?.push(...Array(count - 1).fill(first));
            if (first > 1) sent[client]?.push(first - 1);
            continue;
          }
          for (const length of sizes) {
            if (!fits(length)) break;
            peer?.send(new Uint8Array(length).fill(client), rig.address);
            sent[client]?.push(length);
          }
        }
        rig.turns();
        const arrived = backend.receiveAll();
        for (const { data, from } of arrived) backend.send(data, from);
        rig.turns();
        for (const [index, peer] of clients.entries()) {
          const answers = peer.receiveAll();
          assert.deepEqual(answers.map(({ data }) => data.length), sent[index]);
          assert(answers.every(({ data }) => data.every((byte) => byte === index)));
        }
        assert.equal(arrived.length, sent.flat().length);
        assert.equal(rig.ledger.datagramsLost, 0);
      }),
      { numRuns: 40 },
    );
  },
});
