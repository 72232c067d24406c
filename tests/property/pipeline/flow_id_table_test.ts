import assert from "node:assert/strict";
import fc from "fast-check";
import { FLOW_ID_WAYS } from "../../../src/model/limits.ts";
import {
  type FlowDestination,
  type FlowIdKind,
  flowIdMemory,
  FlowIdTable,
  routeKey,
} from "../../../src/pipeline/flow_id_table.ts";

/** As the table gives them. */
const PLAIN = { noNullPrototype: true } as const;

const kinds = fc.constantFrom<FlowIdKind>("quic", "wireguard");
const ids = fc.uint8Array({ minLength: 1, maxLength: 20 });
const destinations = fc.record({
  route: fc.tuple(fc.string(), fc.string()).map(([service, target]) => routeKey(service, target)),
  address: fc.record({
    host: fc.constantFrom("192.0.2.1", "10.0.0.255", "2001:db8::1", "::1", "fe80::ffff:1"),
    port: fc.integer({ min: 1, max: 65_535 }),
  }, PLAIN),
}, PLAIN);
const seeds = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1));

Deno.test("FlowIdTable agrees with a map as long as nothing has to make room", () => {
  fc.assert(fc.property(
    seeds,
    fc.array(fc.record({ kind: kinds, id: ids, destination: destinations }), {
      maxLength: FLOW_ID_WAYS,
    }),
    fc.record({ kind: kinds, id: ids }),
    (seeds, puts, stranger) => {
      const memory = flowIdMemory(seeds, 8 * FLOW_ID_WAYS);
      const [writer, reader] = [new FlowIdTable(memory), new FlowIdTable(memory)];
      const known = new Map<string, FlowDestination>();
      for (const put of puts) {
        writer.put(put.kind, put.id, put.destination, 0, Infinity);
        known.set(`${put.kind} ${put.id.toHex()}`, put.destination);
      }
      for (const { kind, id } of [...puts, stranger]) {
        const expected = known.get(`${kind} ${id.toHex()}`) ?? null;
        assert.deepEqual(reader.get(kind, id, 0), expected);
      }
      const lengths = puts.filter(({ kind }) => kind === "quic").map(({ id }) => id.length);
      assert.equal(reader.quicLengths, lengths.reduce((bits, length) => bits | 1 << length, 0));
    },
  ));
});

Deno.test("FlowIdTable never gives another ID's destination, however full it is", () => {
  fc.assert(fc.property(
    seeds,
    fc.integer({ min: FLOW_ID_WAYS, max: 4 * FLOW_ID_WAYS }),
    fc.uniqueArray(ids, { maxLength: 100, selector: (id) => id.toHex() }),
    (seeds, entries, ids) => {
      const table = new FlowIdTable(flowIdMemory(seeds, entries));
      ids.forEach((id, index) => table.put("quic", id, destinationOf(index), index, Infinity));
      const found = ids.map((id) => table.get("quic", id, 0));
      found.forEach((destination, index) => {
        if (destination !== null) assert.deepEqual(destination, destinationOf(index));
      });
      assert.ok(found.filter((destination) => destination !== null).length <= entries);
      if (ids.length > 0) assert.notEqual(found.at(-1), null, "the latest is always there");
    },
  ));
});

Deno.test("FlowIdTable takes an entry whose words are not of one writer for none", () => {
  fc.assert(fc.property(
    seeds,
    destinations,
    destinations,
    fc.nat(),
    (seeds, first, second, place) => {
      fc.pre(JSON.stringify(first) !== JSON.stringify(second));
      const id = Uint8Array.of(1, 2, 3, 4);
      const [memory, other] = [flowIdMemory(seeds, 8), flowIdMemory(seeds, 8)];
      new FlowIdTable(memory).put("quic", id, first, 0, Infinity);
      new FlowIdTable(other).put("quic", id, second, 0, Infinity);
      // As when one of two writers was overtaken in the middle.
      const [words, others] = [new Uint32Array(memory), new Uint32Array(other)];
      words.set(others.subarray(0, place % words.length));
      const found = new FlowIdTable(memory).get("quic", id, 0);
      const wholes = [null, first, second].map((whole) => JSON.stringify(whole));
      assert.ok(wholes.includes(JSON.stringify(found)), JSON.stringify(found));
    },
  ));
});

Deno.test("FlowIdTable forgets an ID when its lifetime is over, whatever clock a thread has", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 1_000 }),
    fc.integer({ min: 0, max: 100_000 }),
    fc.integer({ min: -50_000, max: 50_000 }),
    (lifetime, putAt, skew) => {
      const memory = flowIdMemory([1, 2], FLOW_ID_WAYS);
      const [here, there] = [
        new FlowIdTable(memory, 10 ** 9),
        new FlowIdTable(memory, 10 ** 9 - skew),
      ];
      const id = Uint8Array.of(9, 9, 9, 9);
      here.put("wireguard", id, destinationOf(1), putAt, lifetime * 1_000);
      const end = putAt + lifetime * 1_000;
      assert.notEqual(here.get("wireguard", id, end), null);
      assert.notEqual(there.get("wireguard", id, end + skew), null);
      // Times are kept in whole seconds.
      assert.equal(here.get("wireguard", id, end + 2_000), null);
      assert.equal(there.get("wireguard", id, end + skew + 2_000), null);
    },
  ));
});

function destinationOf(index: number): FlowDestination {
  return {
    route: routeKey("service", `target ${index}`),
    address: { host: "192.0.2.1", port: index + 1 },
  };
}
