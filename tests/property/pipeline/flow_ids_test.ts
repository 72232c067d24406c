import assert from "node:assert/strict";
import fc from "fast-check";
import { flowIdMemory, FlowIdTable } from "../../../src/pipeline/flow_id_table.ts";
import { findKnownFlow, FlowIdLearner } from "../../../src/pipeline/flow_ids.ts";
import { findNamedRoute } from "../../../src/pipeline/routable_ids.ts";
import { address, protocolRoutes, service, snapshot } from "../../support/snapshot_builder.ts";

const QUIC = service("q", {
  transport: "udp",
  protocol: "quic",
  quicLb: [0, 1, 2, 3, 4, 5, 6].map((configRotation) => ({
    configRotation,
    serverIdLength: 1,
    nonceLength: 4 + configRotation * 2,
    key: configRotation % 2 === 0 ? null : "8f95f09245765f80256934e50c66207f",
    servers: new Map(),
  })),
});
const WIREGUARD = service("w", { transport: "udp", protocol: "wireguard" });
const ROUTES = snapshot({ udp: protocolRoutes({ quic: QUIC, wireguard: WIREGUARD }) });

/** Bytes that begin as the messages do which have IDs. */
const datagrams = fc.tuple(
  fc.constantFrom([], [0xc0, 0, 0, 0, 1], [0x40], [1, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0]),
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(60, 88, 144).chain((size) =>
      fc.uint8Array({ minLength: size, maxLength: size })
    ),
  ),
).map(([head, rest]) => Uint8Array.from([...head, ...rest]));

Deno.test("FlowIdLearner, findKnownFlow() and findNamedRoute() take whatever comes", () => {
  fc.assert(fc.property(fc.array(datagrams), fc.array(datagrams), (replies, firsts) => {
    const table = new FlowIdTable(flowIdMemory([1, 2], 16));
    const [target] = QUIC.targets;
    assert.ok(target !== undefined);
    for (const [protocol, service] of [["quic", QUIC], ["wireguard", WIREGUARD]] as const) {
      const route = { protocol, service, target, address: address("192.0.2.1:1") };
      const learner = new FlowIdLearner(table, route);
      for (const reply of replies) learner.learn(reply, 0);
    }
    for (const first of firsts) {
      const known = findKnownFlow(table, first, ROUTES, "192.0.2.2", 0);
      if (known !== null) assert.equal(known.target.label, target.label);
      assert.equal(findNamedRoute(first, ROUTES, "192.0.2.2"), null);
    }
  }));
});

Deno.test("findKnownFlow() finds whatever a server has given, behind a short header", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ minLength: 4, maxLength: 20 }), { minLength: 1, maxLength: 8 }),
    fc.uint8Array({ maxLength: 50 }),
    (ids, rest) => {
      const table = new FlowIdTable(flowIdMemory([1, 2], 64 * 8));
      const [target] = QUIC.targets;
      assert.ok(target !== undefined);
      for (const id of ids) {
        const route = { protocol: "quic", service: QUIC, target } as const;
        const learner = new FlowIdLearner(table, { ...route, address: address("192.0.2.1:1") });
        learner.learn(Uint8Array.of(0xc0, 0, 0, 0, 1, 0, id.length, ...id, ...rest), 0);
      }
      for (const id of ids) {
        const datagram = Uint8Array.of(0x40, ...id, ...rest);
        assert.equal(findKnownFlow(table, datagram, ROUTES, "192.0.2.2", 0)?.service, QUIC);
      }
    },
  ));
});
